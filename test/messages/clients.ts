import { createFileRegistry, type DescMessage, type DescService } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import { type CompatServiceDefinition, createChannel, createClient as createNiceClient } from 'nice-grpc';
import { OperationsService } from '../../generated/google/longrunning/operations.js';
import type { TestServer } from '../../src/testing/index.js';
import { DESCRIPTORS, generateWith } from './ts-proto.js';

/** A client of `google.longrunning.Operations` that another library or generator made. */
export interface OtherClient {
  readonly name: string;
  /** Calls GetOperation; the message or the error of this client. */
  get(server: Pick<TestServer, 'address' | 'url'>, name: string): Promise<unknown>;
}

export const insecure = credentials.createInsecure();

interface GetOperationStub extends Client {
  getOperation(request: { name: string }, callback: (error: Error | null, response: unknown) => void): void;
}

async function getBy(stub: Client, name: string): Promise<unknown> {
  try {
    return await new Promise((resolve, reject) => {
      const done = (error: Error | null, response: unknown) => (error ? reject(error) : resolve(response));
      (stub as GetOperationStub).getOperation({ name }, done);
    });
  } finally {
    stub.close();
  }
}

/** Stubs of ts-proto for grpc-js, generated with some options. */
function tsProtoClient(options: readonly string[]): OtherClient {
  const { OperationsClient } = generateWith(options).operations as {
    OperationsClient: ServiceClientConstructor;
  };
  return {
    name: `ts-proto ${options.join(' ')}`,
    get: ({ address }, name) => getBy(new OperationsClient(address, insecure), name),
  };
}

function protoLoaderClient(options: Options): OtherClient {
  return {
    name: `proto-loader ${JSON.stringify(options)}`,
    get({ address }, name) {
      const includeDirs = ['protos', 'node_modules/google-gax/build/protos'];
      const loaded = loadPackageDefinition(
        loadSync('google/longrunning/operations.proto', { ...options, includeDirs }),
      );
      const { Operations } = (
        loaded as unknown as { google: { longrunning: { Operations: ServiceClientConstructor } } }
      ).google.longrunning;
      return getBy(new Operations(address, insecure), name);
    },
  };
}

const registry = createFileRegistry(DESCRIPTORS);
const service = registry.getService('google.longrunning.Operations') as DescService;

/** protobuf-es: the schema of `google.longrunning.Operation`. */
export const PROTOBUF_OPERATION = registry.getMessage('google.longrunning.Operation') as DescMessage;

const connect: OtherClient = {
  name: 'Connect with protobuf-es',
  async get({ url }, name) {
    const client = createClient(service, createGrpcTransport({ baseUrl: url, idleConnectionTimeoutMs: 1 }));
    return (client as unknown as { getOperation(request: object): Promise<unknown> }).getOperation({ name });
  },
};

const niceGrpc: OtherClient = {
  name: 'nice-grpc with ts-proto',
  async get({ address }, name) {
    const channel = createChannel(address, insecure);
    try {
      const client = createNiceClient(OperationsService as CompatServiceDefinition, channel);
      return await (client as unknown as { getOperation(request: object): Promise<unknown> }).getOperation({
        name,
      });
    } finally {
      channel.close();
    }
  },
};

async function getByGoogle(
  options: ConstructorParameters<typeof AttachedClustersClient>[0],
  name: string,
): Promise<unknown> {
  const client = new AttachedClustersClient(options);
  try {
    await client.initialize();
    const call = client.operationsClient.getOperation(
      { name } as never,
      { retry: null, timeout: 10_000 } as never,
    );
    const [operation] = (await call) as unknown as [unknown];
    return operation;
  } finally {
    await client.close();
  }
}

const google: OtherClient = {
  name: "Google's generated client",
  get({ url }, name) {
    const { hostname: apiEndpoint, port } = new URL(url);
    return getByGoogle({ apiEndpoint, port: Number(port), sslCreds: insecure }, name);
  },
};

const rest: OtherClient = {
  name: 'REST',
  async get({ url }, name) {
    const response = await fetch(`${url}/v1/${name}`, { headers: { connection: 'close' } });
    return response.json();
  },
};

export const otherClients = (): readonly OtherClient[] => [
  tsProtoClient(['oneof=properties']),
  tsProtoClient(['oneof=unions']),
  tsProtoClient(['oneof=unions-value']),
  tsProtoClient(['snakeToCamel=false', 'useNullAsOptional=true']),
  protoLoaderClient({}),
  protoLoaderClient({ keepCase: true, defaults: true, oneofs: true, longs: String, enums: String }),
  protoLoaderClient({ json: true, bytes: String, oneofs: true }),
  connect,
  niceGrpc,
  google,
  rest,
];
