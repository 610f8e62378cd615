/**
 * The operations. Times are milliseconds since 1970 by the clocks of the servers. Text is compared byte by byte:
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

  -- Listing, of all and of what is not done.
  CREATE INDEX operations_by_parent ON ${schema}.operations (parent, sequence);
  CREATE INDEX operations_unfinished_by_parent ON ${schema}.operations (parent, sequence) WHERE end_time IS NULL;
  -- What a request id stands for (AIP-155).
  CREATE UNIQUE INDEX operations_by_request ON ${schema}.operations (method, parent, request_id)
    WHERE request_id IS NOT NULL;
  -- What is to be forgotten.
  CREATE INDEX operations_by_expiry ON ${schema}.operations (expire_time) WHERE expire_time IS NOT NULL;
  -- Work that is left.
  CREATE INDEX operations_unfinished ON ${schema}.operations (method, sequence) WHERE end_time IS NULL;
`;
