/**
 * Index of unfinished operations of all parents, for listing below a parent with a wildcard. The condition on
 * `sequence` always holds. It keeps the planner from using the index for one parent: only statements that contain the
 * condition can use it.
 */
export const unfinishedBySequence = (schema: string) => `
  CREATE INDEX operations_unfinished_by_sequence ON ${schema}.operations (sequence)
    WHERE end_time IS NULL AND sequence > 0;
`;
