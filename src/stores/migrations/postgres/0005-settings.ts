/** What all servers of a schema share besides operations: the secret of page tokens, and which earlier versions may use it. */
export const settings = (schema: string) => `
  CREATE TABLE ${schema}.settings (key TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
`;
