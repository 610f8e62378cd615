import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createFileRegistry,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  type JsonObject,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Metadata, Server, ServerCredentials, type ServerOptions, type ServerUnaryCall } from '@grpc/grpc-js';
import { toServerError } from '../../src/core/grpc-status.js';
import { addMounted, type MountedMethod, type ServiceHost } from '../../src/core/service.js';
import { StatusError } from '../../src/core/status.js';

/** Encoded descriptors of `things.proto` from `buf build`. */
export function thingsDescriptors(): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'longrunning-things-'));
  try {
    const gax = 'node_modules/google-gax/build/protos';
    for (const name of ['annotations', 'field_behavior', 'http'].map((api) => `google/api/${api}.proto`)) {
      mkdirSync(join(dir, dirname(name)), { recursive: true });
      copyFileSync(join(gax, name), join(dir, name));
    }
    copyFileSync('test/gateway/things.proto', join(dir, 'things.proto'));
    const output = join(dir, 'things.binpb');
    execFileSync('node_modules/.bin/buf', ['build', dir, '-o', output], { stdio: 'inherit' });
    return readFileSync(output);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Call as the server behind the gateway received it. */
export interface ReceivedCall {
  readonly method: string;
  /** ProtoJSON. */
  readonly request: JsonValue;
  readonly metadata: ReturnType<Metadata['getMap']>;
  /** Deadline in milliseconds since 1970, or Infinity. */
  readonly deadline: number;
  readonly call: ServerUnaryCall<Buffer, Buffer>;
}

/** Computes the encoded answer to a call. By default, the request itself is the answer. */
export type AnswerCall = (call: ReceivedCall) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** Services that answer as a test determines. */
export interface ThingsServer extends Disposable {
  readonly target: string;
  readonly server: Server;
  /** The same services without a connection. */
  readonly host: ServiceHost;
  readonly registry: FileRegistry;
  readonly calls: ReceivedCall[];
  answer: AnswerCall;
  /** Last request in ProtoJSON. */
  lastRequest(): JsonObject;
}

export async function startThingsServer(
  descriptors: Uint8Array,
  options: ServerOptions = {},
): Promise<ThingsServer> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const server = new Server(options);
  const calls: ReceivedCall[] = [];
  const methods: MountedMethod[] = [];
  const served = {
    server,
    host: {
      mount: () => [{ name: 'things', methods }],
      authenticate: async () => undefined,
      health: { check: async () => 'SERVING' },
    },
    registry,
    calls,
    answer: (() => undefined) as AnswerCall,
    lastRequest: () => calls.at(-1)?.request as JsonObject,
    [Symbol.dispose]: () => server.forceShutdown(),
  };
  const handle = (method: DescMethod) => (call: ServerUnaryCall<Buffer, Buffer>, callback: Callback) => {
    const received = {
      method: method.name,
      request: toJson(method.input, fromBinary(method.input, call.request), { registry }),
      metadata: call.metadata.getMap(),
      deadline: Number(call.getDeadline()),
      call,
    };
    calls.push(received);
    Promise.resolve(received)
      .then((it) => served.answer(it))
      .then(
        (answer) => callback(null, Buffer.from(answer ?? call.request), trailers()),
        (thrown: unknown) => callback(toServerError(StatusError.from(thrown))),
      );
  };
  for (const service of registry) {
    if (service.kind !== 'service') continue;
    for (const method of service.methods.filter(({ methodKind }) => methodKind === 'unary')) {
      const path = `/${service.typeName}/${method.name}`;
      const definition = {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      };
      methods.push({ key: path, definition, handle: handle(method) } as unknown as MountedMethod);
    }
  }
  addMounted(server, served.host.mount());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return Object.assign(served, { target: `127.0.0.1:${port}` });
}

type Callback = (error: object | null, answer?: Buffer, trailer?: Metadata) => void;

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function trailers(): Metadata {
  const metadata = new Metadata();
  metadata.set('x-goog-trailer', 'end');
  metadata.set('x-secret', 'of the server');
  return metadata;
}
