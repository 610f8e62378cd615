/** What a connection is spoken in. */
export type Protocol = 'HTTP/1.1' | 'HTTP/2';

/** What every client of HTTP/2 sends first (RFC 9113, section 3.4); no request of HTTP/1.1 begins so. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Tells the protocol by the first bytes of a connection; undefined when there are too few of them to know. */
export function protocolOf(beginning: Buffer): Protocol | undefined {
  const seen = Math.min(beginning.length, PREFACE.length);
  if (!beginning.subarray(0, seen).equals(PREFACE.subarray(0, seen))) return 'HTTP/1.1';
  return seen === PREFACE.length ? 'HTTP/2' : undefined;
}
