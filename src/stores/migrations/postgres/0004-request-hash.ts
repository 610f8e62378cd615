/**
 * Supports request ids of any length. An index row is limited to about 2,700 bytes, and a request id of 1,024
 * characters may have 3,072. So the unique index stores its SHA-256. `decode` is the only immutable function from
 * text to its bytes, and requires backslashes to be doubled.
 *
 * Replicas of earlier versions keep working: they name no index, and find a request id by its method and parent.
 */
export const requestHash = (schema: string) => `
  DROP INDEX ${schema}.operations_by_request;
  CREATE UNIQUE INDEX operations_by_request_hash ON ${schema}.operations
    (method, parent, sha256(decode(replace(request_id, E'\\\\', E'\\\\\\\\'), 'escape')))
    WHERE request_id IS NOT NULL;
`;
