import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { jest } from '@jest/globals';
import { Operation } from '../../../generated/google/longrunning/operations.js';
import { addMounted } from '../../../src/core/service.js';
import { loadSchema, type Schema } from '../../../src/schema/index.js';
import { createOperations, OperationsService } from '../../../src/server/index.js';
import { fakeServices } from '../../../src/testing/faking/fake-service.js';
import { parseScript } from '../../../src/testing/script/script.js';

/** Call that the server received. */
export interface GoogleCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Address of the peer. */
  readonly peer: string;
}

/** Google's APIs on a free port of 127.0.0.1. */
export interface GoogleServer extends AsyncDisposable {
  readonly port: number;
  readonly calls: readonly GoogleCall[];
  /** Returns the calls of one method, by its short name. */
  of(method: string): GoogleCall[];
}

const pem = (file: string) =>
  readFileSync(fileURLToPath(new URL(`../certificates/${file}`, import.meta.url)));

/** Certificate and key of a server at `localhost`, and their authority, for tests only. */
export const TLS = { ca: pem('ca.pem'), cert: pem('server.pem'), key: pem('server-key.pem') };

// Loading google-gax and the protos of two APIs is slow.
jest.setTimeout(300_000);

// The clients probe for the metadata server of Google Cloud, even if they have credentials.
process.env.METADATA_SERVER_DETECTION = 'none';

let schema: Promise<Schema> | undefined;

function googleSchema(): Promise<Schema> {
  schema ??= loadSchema({
    files: [
      'google/cloud/gkemulticloud/v1/attached_service.proto',
      'google/cloud/speech/v1/cloud_speech.proto',
    ],
    includeDirs: ['gkemulticloud', 'speech'].map((name) => `node_modules/@google-cloud/${name}/build/protos`),
  });
  return schema;
}

/** Options of a {@link GoogleServer}. */
export interface GoogleServerOptions {
  /** Script of the operations, in YAML. */
  readonly script?: string;
  readonly tls?: true;
  /** Handlers that replace those of the kit's Operations service. */
  readonly instead?: Partial<Record<'getOperation' | 'waitOperation' | 'cancelOperation', unknown>>;
}

/** Faked services of GKE Multi-Cloud and Speech with the kit's operations behind them. */
export async function startGoogleServer(options: GoogleServerOptions = {}): Promise<GoogleServer> {
  const loaded = await googleSchema();
  const script = parseScript(options.script ?? '', { file: 'script.yaml', schema: loaded });
  const fakes = fakeServices(loaded, { script });
  const kit = createOperations({ services: fakes.services });
  return start(options, (server) => {
    server.addService(OperationsService, { ...kit.handlers, ...options.instead } as typeof kit.handlers);
    addMounted(server, kit.mount().slice(1));
    return () => kit.close({ graceMs: 0 });
  });
}

/** Answers of the methods of {@link startScriptedGoogle}; `count` is the number of earlier calls of the method. */
export type Answer = (count: number, request: { readonly name: string }) => Operation | Promise<Operation>;

/** Starts an API whose CreateAttachedCluster answers `started`. The test scripts Get, Wait and Cancel; others are UNIMPLEMENTED. */
export async function startScriptedGoogle(
  started: Operation,
  answers: { getOperation?: Answer; waitOperation?: Answer; cancelOperation?: () => object },
): Promise<GoogleServer> {
  return start({}, (server, calls) => {
    const path = '/google.cloud.gkemulticloud.v1.AttachedClusters/CreateAttachedCluster';
    const identity = (bytes: Buffer) => bytes;
    const unary = { path, requestStream: false, responseStream: false, requestDeserialize: identity };
    const create = {
      ...unary,
      requestSerialize: identity,
      responseSerialize: (operation: Operation) => Buffer.from(Operation.encode(operation).finish()),
      responseDeserialize: Operation.decode,
    };
    server.addService(
      { create } as never,
      {
        create: (_: unknown, callback: (error: null, operation: Operation) => void) =>
          callback(null, started),
      } as UntypedServiceImplementation,
    );
    const handlers = Object.entries(answers).map(([method, answer]) => {
      const handler = async (
        call: { request: { name: string } },
        callback: (error: unknown, response?: object) => void,
      ) => {
        const count = calls.filter((made) => made.method.toLowerCase() === method.toLowerCase()).length - 1;
        try {
          callback(null, await (answer as (...args: unknown[]) => object)(count, call.request));
        } catch (error) {
          callback(error);
        }
      };
      return [method, handler];
    });
    server.addService(OperationsService, Object.fromEntries(handlers));
    return async () => {};
  });
}

async function start(
  { tls }: GoogleServerOptions,
  serve: (server: Server, calls: readonly GoogleCall[]) => () => Promise<void>,
): Promise<GoogleServer> {
  const calls: GoogleCall[] = [];
  const server = new Server({ interceptors: [recorder(calls)] });
  const stop = serve(server, calls);
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: TLS.cert, private_key: TLS.key }])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    calls,
    of: (method) => calls.filter((call) => call.method === method),
    async [Symbol.asyncDispose]() {
      await stop();
      server.forceShutdown();
    },
  };
}

function recorder(calls: GoogleCall[]): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, receive) {
            const method = path.slice(path.lastIndexOf('/') + 1);
            calls.push({ method, headers: metadata.getMap(), peer: call.getPeer() });
            receive(metadata);
          },
        }),
    });
}
