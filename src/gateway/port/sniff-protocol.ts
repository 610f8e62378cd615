import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';

/**
 * Inspects the first bytes of a connection and puts them back. A client that ends early counts as HTTP/1.1, in
 * which it can be told the error. A client that sends nothing is disconnected.
 *
 * @param tell - called once with the protocol, or with undefined if the client is too slow; never called if the
 * connection ends first.
 */
export function sniffProtocol(
  socket: Socket,
  timeoutMs: number,
  clock: Clock,
  tell: (protocol: Protocol | undefined) => void,
): void {
  let beginning = Buffer.alloc(0);
  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    beginning = Buffer.concat([beginning, chunk]);
    const protocol = protocolOf(beginning);
    if (protocol !== undefined) settle(protocol);
  };
  const onEnd = () => {
    if (beginning.length > 0) {
      settle('HTTP/1.1');
      return;
    }
    // The next handler would miss the end event and wait for a request. TCP probes send nothing.
    stop();
    socket.end();
  };
  const settle = (protocol: Protocol | undefined) => {
    stop();
    if (beginning.length > 0) socket.unshift(beginning);
    tell(protocol);
  };
  const stop = () => {
    stopTimer();
    socket.off('readable', onReadable).off('end', onEnd).off('close', stop);
  };
  const stopTimer = clock.setTimer(() => settle(undefined), timeoutMs);
  socket.on('readable', onReadable).on('end', onEnd).on('close', stop);
}

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
