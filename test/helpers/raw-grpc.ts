import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';

/** Response of a stream, however it ended. */
export interface RawAnswer {
  readonly httpStatus: number | undefined;
  /** `grpc-status` from trailers or headers. Undefined if the stream was reset without one. */
  readonly grpcStatus: number | undefined;
  /** Decoded `grpc-message`. Empty if there is none. */
  readonly grpcMessage: string;
  readonly resetCode: number;
  readonly body: Buffer;
}

/** HTTP/2 connection on which a test controls every byte of gRPC. */
export interface RawGrpc extends AsyncDisposable {
  readonly session: ClientHttp2Session;
  /** Opens a stream and sends only headers. */
  open(path: string, headers?: Readonly<Record<string, string>>): ClientHttp2Stream;
  /** Sends exact bytes as the body of a call. */
  call(path: string, body: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<RawAnswer>;
}

export function rawGrpc(address: string): RawGrpc {
  const session = connect(`http://${address}`);
  // A connection closed by the server is a valid response; the streams report it.
  session.on('error', () => {});
  const open: RawGrpc['open'] = (path, headers) =>
    session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
  return {
    session,
    open,
    call(path, body, headers) {
      const stream = open(path, headers);
      const answer = answerOf(stream);
      stream.end(body);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      if (session.closed) return;
      await new Promise<void>((resolve) => session.close(resolve));
    },
  };
}

/** Encodes one gRPC message with its prefix. `length` overrides the true length. */
export function frame(message: Uint8Array, { length = message.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let httpStatus: number | undefined;
    let grpcStatus: number | undefined;
    let grpcMessage = '';
    const chunks: Buffer[] = [];
    const readStatus = (headers: Readonly<Record<string, unknown>>) => {
      if (headers['grpc-status'] === undefined) return;
      grpcStatus = Number(headers['grpc-status']);
      grpcMessage = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    stream.on('response', (headers) => {
      httpStatus = headers[':status'];
      readStatus(headers);
    });
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve({
        httpStatus,
        grpcStatus,
        grpcMessage,
        resetCode: stream.rstCode ?? 0,
        body: Buffer.concat(chunks),
      }),
    );
  });
}
