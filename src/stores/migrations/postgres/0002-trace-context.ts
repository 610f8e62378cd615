/** Trace context of the starting call (W3C Trace Context). No row is rewritten. */
export const traceContext = (schema: string) => `
  ALTER TABLE ${schema}.operations ADD COLUMN traceparent TEXT, ADD COLUMN tracestate TEXT;
`;
