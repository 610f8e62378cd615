/** Operations table, and the process that has the file open. */
export const operations = `
CREATE TABLE operations (
  -- AUTOINCREMENT: the number of a deleted operation does not come back, so what a page begins after stays good.
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  parent TEXT NOT NULL,
  method TEXT NOT NULL,
  request BLOB NOT NULL,
  request_id TEXT,
  cancellable INTEGER NOT NULL,
  version INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  cancel_request_time INTEGER,
  end_time INTEGER,
  delete_time INTEGER,
  expire_time INTEGER,
  metadata_type TEXT,
  metadata_value BLOB,
  response_type TEXT,
  response_value BLOB,
  error_code INTEGER,
  error BLOB
) STRICT;

CREATE INDEX operations_by_parent ON operations (parent, sequence);
CREATE INDEX operations_unfinished ON operations (sequence) WHERE end_time IS NULL;
CREATE INDEX operations_by_expiry ON operations (expire_time) WHERE expire_time IS NOT NULL;
CREATE UNIQUE INDEX operations_by_request ON operations (method, parent, request_id)
  WHERE request_id IS NOT NULL;

CREATE TABLE opened_by (pid INTEGER NOT NULL) STRICT;
`;
