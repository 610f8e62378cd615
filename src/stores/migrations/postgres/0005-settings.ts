/**
 * Settings shared by all servers of a schema: the secret of page tokens, and the earliest version that may use the
 * schema.
 */
export const settings = (schema: string) => `
  CREATE TABLE ${schema}.settings (key TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
`;
