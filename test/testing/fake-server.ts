import { type DescMethod, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { type GrpcOperations, grpcOperations } from '../../src/conformance/grpc-operations.js';
import { StatusError } from '../../src/core/status.js';
import { operationToJson, type Schema } from '../../src/schema/index.js';
import { createOperations } from '../../src/server/index.js';
import { type ManualClock, manualClock } from '../../src/testing/clock/manual-clock.js';
import { fakeServices } from '../../src/testing/faking/fake-service.js';
import { parseScript } from '../../src/testing/script/script.js';

/** Faked services on a free port of 127.0.0.1 with a manual clock, and a client. */
export interface FakeServer extends AsyncDisposable {
  readonly manual: ManualClock;
  readonly operations: GrpcOperations;
  /** Starts an operation from the ProtoJSON of its request. */
  start(method: string, request: JsonValue): Promise<Operation>;
  /** Calls any method with encoded bytes. */
  call(path: string, bytes: Uint8Array): Promise<Buffer>;
  /** Reads the end or the error of a streaming call. */
  stream(path: string): Promise<void>;
  json(operation: Operation): ReturnType<typeof operationToJson>;
}

export async function startFakeServer(schema: Schema, script = ''): Promise<FakeServer> {
  const manual = manualClock();
  const fakes = fakeServices(schema, {
    script: parseScript(script, { file: 'script.yaml', schema }),
    clock: manual,
  });
  const kit = createOperations({ services: fakes.services, clock: manual });
  const server = new Server();
  kit.addTo(server);
  const address = `127.0.0.1:${await listen(server)}`;
  const client = new Client(address, credentials.createInsecure());
  const operations = grpcOperations(address);

  const call = (path: string, bytes: Uint8Array) =>
    new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(path, Buffer.from, Buffer.from, bytes, new Metadata(), {}, (error, answer) =>
        error ? reject(StatusError.from(error)) : resolve(answer ?? Buffer.alloc(0)),
      );
    });
  return {
    manual,
    operations,
    call,
    async start(name, request) {
      const method = methodOf(schema, name);
      const bytes = toBinary(method.input, fromJson(method.input, request, { registry: schema.registry }));
      return Operation.decode(await call(`/${method.parent.typeName}/${method.name}`, bytes));
    },
    stream: (path) =>
      new Promise<void>((resolve, reject) => {
        const stream = client.makeServerStreamRequest(path, Buffer.from, Buffer.from, new Uint8Array());
        stream.on('data', () => {});
        stream.on('end', resolve);
        stream.on('error', (error) => reject(StatusError.from(error)));
      }),
    json: (operation) => operationToJson(operation, schema.registry),
    async [Symbol.asyncDispose]() {
      operations[Symbol.dispose]();
      client.close();
      const closed = kit.close({ graceMs: 0 });
      await manual.advance(0);
      await closed;
      server.forceShutdown();
    },
  };
}

function methodOf(schema: Schema, name: string): DescMethod {
  const found = schema.services.flatMap(({ methods }) => methods).find((method) => method.name === name);
  if (!found) throw new Error(`method ${name} is missing`);
  return found;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}
