/**
 * Unfinished operations of all parents, newest first: for listing them below a parent with a wildcard. The condition on
 * `sequence`, which always holds, keeps the planner from using the index for one parent: only statements that contain the
 * condition can use it.
 */
export const unfinishedBySequence = (schema: string) => `
  CREATE INDEX operations_unfinished_by_sequence ON ${schema}.operations (sequence)
    WHERE end_time IS NULL AND sequence > 0;
`;
