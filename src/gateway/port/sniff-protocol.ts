import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { type Protocol, protocolOf } from './protocol.js';

/**
 * Looks at the first bytes of a connection, and leaves them there to be read. A client that ends before there are
 * enough is taken to speak HTTP/1.1, in which it can be told what is wrong. One that sends nothing at all is
 * closed.
 *
 * @param tell - is called once, unless the connection breaks or ends first; with undefined when the client is too slow.
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
    // Whoever answers would not hear of an end that has been, and wait for a request: probes of TCP ask nothing.
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
