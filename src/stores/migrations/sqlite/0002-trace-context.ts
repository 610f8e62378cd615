/** Where in which trace an operation was started (W3C Trace Context). */
export const traceContext = `
ALTER TABLE operations ADD COLUMN traceparent TEXT;
ALTER TABLE operations ADD COLUMN tracestate TEXT;
`;
