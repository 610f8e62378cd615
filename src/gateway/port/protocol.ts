/** Protocol of a connection. */
export type Protocol = 'HTTP/1.1' | 'HTTP/2';

/** Connection preface of every HTTP/2 client (RFC 9113, section 3.4). No HTTP/1.1 request begins with it. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Detects the protocol from the first bytes of a connection. Returns undefined if there are too few. */
export function protocolOf(beginning: Buffer): Protocol | undefined {
  const seen = Math.min(beginning.length, PREFACE.length);
  if (!beginning.subarray(0, seen).equals(PREFACE.subarray(0, seen))) return 'HTTP/1.1';
  return seen === PREFACE.length ? 'HTTP/2' : undefined;
}
