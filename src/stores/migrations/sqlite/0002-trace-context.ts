/** Trace context of the starting call (W3C Trace Context). */
export const traceContext = `
ALTER TABLE operations ADD COLUMN traceparent TEXT;
ALTER TABLE operations ADD COLUMN tracestate TEXT;
`;
