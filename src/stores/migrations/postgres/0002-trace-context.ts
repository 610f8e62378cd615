/** Where in which trace an operation was started (W3C Trace Context). No row is rewritten for it. */
export const traceContext = (schema: string) => `
  ALTER TABLE ${schema}.operations ADD COLUMN traceparent TEXT, ADD COLUMN tracestate TEXT;
`;
