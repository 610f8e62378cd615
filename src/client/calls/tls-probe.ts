import { connect } from 'node:tls';
import { onAbort } from '../../core/signals.js';
import { withoutScheme } from './connection-advice.js';

const HOST_AND_PORT = /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/;

/**
 * Resolves with true if a TLS handshake succeeds at a target of grpc-js, whatever its certificate. Nothing else is
 * sent.
 */
export function speaksTls(target: string, timeoutMs: number, closed: AbortSignal): Promise<boolean> {
  const place = placeOf(target);
  if (!place) return Promise.resolve(false);
  return new Promise((resolve) => {
    // The certificate is not trusted with anything: the connection is closed at once.
    const socket = connect({ ...place, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const end = (answer: boolean) => {
      clearTimeout(timer);
      stopListening();
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    const stopListening = onAbort(closed, () => end(false));
    socket.once('secureConnect', () => end(true));
    // A server that asks for a client certificate, and the like, says so in TLS.
    socket.on('error', ({ message }) => end(/alert/.test(message)));
    socket.once('close', () => end(false));
  });
}

function placeOf(target: string): { readonly path: string } | { host: string; port: number } | undefined {
  const path = /^unix:(?:\/\/)?(?<path>.+)$/.exec(target)?.groups?.path;
  if (path !== undefined) return { path };
  const { host, port } = HOST_AND_PORT.exec(withoutScheme(target))?.groups ?? {};
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}
