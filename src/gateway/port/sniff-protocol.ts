import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { type Protocol, protocolOf } from './protocol.js';

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
