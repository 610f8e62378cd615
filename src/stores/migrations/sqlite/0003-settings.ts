/** Settings of the file: the secret of page tokens, and the earliest version that may use the file. */
export const settings = `
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;
