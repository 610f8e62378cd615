import { once } from 'node:events';
import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { frame } from '../helpers/raw-grpc.js';

/** Call that reached the server. The test decides how its stream ends. */
export interface RawCall {
  readonly method: string;
  readonly stream: ServerHttp2Stream;
  readonly session: Http2Session;
}

/** Treatment of a call, by the number of calls before it. */
export type Treatment = (call: RawCall, count: number) => void;

/** Server of raw HTTP/2 that breaks calls in any way that a network or a proxy can. */
export interface UnreliableServer extends AsyncDisposable {
  readonly address: string;
  /** Methods that were called, in order. */
  readonly calls: readonly string[];
}

export async function startUnreliableServer(treat: Treatment): Promise<UnreliableServer> {
  const calls: string[] = [];
  const sessions = new Set<Http2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    const { session } = stream;
    if (!session) return;
    stream.on('error', () => {});
    const method = String(headers[':path']).split('/').at(-1) ?? '';
    calls.push(method);
    treat({ method, stream, session }, calls.length - 1);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/** Answers with a gRPC message. */
export function answer(call: RawCall, message: Operation): void {
  answerBytes(call, Operation.encode(message).finish());
}

/** Answers with an encoded message. */
export function answerBytes({ stream }: RawCall, message: Uint8Array): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(frame(message));
}

/** Answers with a complete status in trailers alone. */
export function refuse({ stream }: RawCall, code: number, message: string): void {
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': code,
      'grpc-message': encodeURIComponent(message),
    },
    { endStream: true },
  );
}
