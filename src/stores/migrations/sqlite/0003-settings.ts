/** What stays with the file besides operations: the secret of page tokens, and which earlier versions may use it. */
export const settings = `
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;
