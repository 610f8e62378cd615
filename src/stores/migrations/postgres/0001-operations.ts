/**
 * Operations table. Times are milliseconds since 1970 by the servers' clocks. Text is compared byte by byte, because
 * names are not prose.
 */
export const operations = (schema: string) => `
  CREATE TABLE ${schema}.operations (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    parent TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    request BYTEA NOT NULL,
    request_id TEXT COLLATE "C",
    cancellable BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    create_time BIGINT NOT NULL,
    cancel_request_time BIGINT,
    end_time BIGINT,
    delete_time BIGINT,
    expire_time BIGINT,
    metadata_type TEXT,
    metadata_value BYTEA,
    response_type TEXT,
    response_value BYTEA,
    error_code INTEGER,
    error BYTEA
  ) WITH (fillfactor = 80);

  -- Listings of all and of unfinished operations.
  CREATE INDEX operations_by_parent ON ${schema}.operations (parent, sequence);
  CREATE INDEX operations_unfinished_by_parent ON ${schema}.operations (parent, sequence) WHERE end_time IS NULL;
  -- Request ids (AIP-155).
  CREATE UNIQUE INDEX operations_by_request ON ${schema}.operations (method, parent, request_id)
    WHERE request_id IS NOT NULL;
  -- Expired operations.
  CREATE INDEX operations_by_expiry ON ${schema}.operations (expire_time) WHERE expire_time IS NOT NULL;
  -- Pending work.
  CREATE INDEX operations_unfinished ON ${schema}.operations (method, sequence) WHERE end_time IS NULL;
`;
