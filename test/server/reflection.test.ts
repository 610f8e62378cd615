import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  create,
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { credentials, Server } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import {
  ServerReflectionClient,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../generated/grpc/reflection/v1/reflection.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../src/core/status.js';
import { type ServedPort, servePort } from '../../src/gateway/index.js';
import { addReflection } from '../../src/server/index.js';
import { addChangeableReflection } from '../../src/server/reflection/add-reflection.js';
import { startTestServer, type TestServer } from '../../src/testing/index.js';
import { thingsDescriptors } from '../gateway/things-server.js';
import { processFaults } from '../helpers/process-faults.js';

// `buf` runs in a separate process.
jest.setTimeout(300_000);

const GKE = {
  file: 'google/cloud/gkemulticloud/v1/aws_service.proto',
  dir: 'node_modules/@google-cloud/gkemulticloud/build/protos',
};
const AWS_CLUSTERS = 'google.cloud.gkemulticloud.v1.AwsClusters';
const V1ALPHA = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';
const { serverReflectionInfo } = ServerReflectionService;

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;

/** Sends one reflection request, in either version. */
function ask(address: string, question: Question | undefined, path: string = serverReflectionInfo.path) {
  const client = new ServerReflectionClient(address, credentials.createInsecure());
  return new Promise<ServerReflectionResponse>((resolve, reject) => {
    const { requestSerialize, responseDeserialize } = serverReflectionInfo;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    call.on('data', resolve).on('error', reject);
    call.on('end', () => client.close());
    call.write({ host: 'here', messageRequest: question });
    call.end();
  });
}

function filesIn({ messageResponse }: ServerReflectionResponse): FileDescriptorProto[] {
  if (messageResponse?.$case !== 'fileDescriptorResponse') throw new Error(JSON.stringify(messageResponse));
  return messageResponse.value.fileDescriptorProto.map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
}

/** Links the files as a client does that takes types only from imports. */
function linked(files: readonly FileDescriptorProto[]): FileRegistry {
  const names = files.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const file of files) for (const imported of file.dependency) expect(names).toContain(imported);
  const order: FileDescriptorProto[] = [];
  const add = (file: FileDescriptorProto) => {
    if (order.includes(file)) return;
    for (const name of file.dependency) {
      const imported = files.find((each) => each.name === name);
      if (imported) add(imported);
    }
    order.push(file);
  };
  files.forEach(add);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: order }));
}

function optionOf(registry: FileRegistry, service: string, method: string, option: string) {
  const descriptor = registry.getService(service)?.methods.find(({ name }) => name === method);
  const extension = registry.getExtension(option);
  if (!descriptor || !extension?.message || !hasOption(descriptor, extension)) return undefined;
  return toJson(extension.message, getOption(descriptor, extension) as Message, { registry });
}

const symbol = (value: string): Question => ({ $case: 'fileContainingSymbol', value });

describe('reflection of a server with a fake API', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await server.fake(GKE.file, { includeDirs: [GKE.dir] });
  });
  afterAll(async () => server.close());

  it.each([serverReflectionInfo.path, V1ALPHA])('%s lists all services', async (path) => {
    const { messageResponse, validHost } = await ask(
      server.address,
      { $case: 'listServices', value: '*' },
      path,
    );
    expect(validHost).toBe('here');
    expect(messageResponse?.value).toEqual({
      service: [
        AWS_CLUSTERS,
        'google.longrunning.Operations',
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
      ].map((name) => ({ name })),
    });
  });

  it('a fake service: with all imports, its HTTP rules and operation_info, although proto-loader drops them', async () => {
    const registry = linked(filesIn(await ask(server.address, symbol(AWS_CLUSTERS))));
    expect(optionOf(registry, AWS_CLUSTERS, 'CreateAwsCluster', 'google.api.http')).toMatchObject({
      post: '/v1/{parent=projects/*/locations/*}/awsClusters',
      body: 'aws_cluster',
    });
    const info = optionOf(registry, AWS_CLUSTERS, 'CreateAwsCluster', 'google.longrunning.operation_info');
    expect(info).toEqual({
      responseType: 'google.cloud.gkemulticloud.v1.AwsCluster',
      metadataType: 'google.cloud.gkemulticloud.v1.OperationMetadata',
    });
    const response = filesIn(await ask(server.address, symbol('google.cloud.gkemulticloud.v1.AwsCluster')));
    expect(linked(response).getMessage('google.cloud.gkemulticloud.v1.AwsNodeConfig')).toBeUndefined();
    expect(linked(response).getMessage('google.cloud.gkemulticloud.v1.AwsCluster')).toBeDefined();
  });

  it('the Operations service: as in its proto, including members of declared types', async () => {
    for (const asked of [
      'google.longrunning.Operations',
      'google.longrunning.Operations.GetOperation',
      'google.longrunning.Operation.done',
    ]) {
      const [file, ...imports] = filesIn(await ask(server.address, symbol(asked)));
      expect(file?.name).toBe('google/longrunning/operations.proto');
      const registry = linked(file ? [file, ...imports] : []);
      expect(
        optionOf(registry, 'google.longrunning.Operations', 'GetOperation', 'google.api.http'),
      ).toMatchObject({ get: '/v1/{name=projects/*/locations/*/operations/*}' });
    }
  });

  it('files by name, and extensions by number', async () => {
    const [file] = filesIn(
      await ask(server.address, { $case: 'fileByFilename', value: 'google/rpc/status.proto' }),
    );
    expect(file?.name).toBe('google/rpc/status.proto');
    const containingType = 'google.protobuf.MethodOptions';
    const numbers = await ask(server.address, { $case: 'allExtensionNumbersOfType', value: containingType });
    expect(numbers.messageResponse?.value).toMatchObject({
      baseTypeName: containingType,
      extensionNumber: expect.arrayContaining([72295728, 1049]),
    });
    const found = await ask(server.address, {
      $case: 'fileContainingExtension',
      value: { containingType, extensionNumber: 72295728 },
    });
    expect(filesIn(found)[0]?.name).toBe('google/api/annotations.proto');
  });

  it.each<[string, Question | undefined, Code]>([
    ['a symbol', symbol('acme.Nothing'), Code.NOT_FOUND],
    ['a member', symbol('google.longrunning.Operations.Nothing'), Code.NOT_FOUND],
    ['a file', { $case: 'fileByFilename', value: '../../etc/passwd' }, Code.NOT_FOUND],
    ['an extended type', { $case: 'allExtensionNumbersOfType', value: 'acme.Nothing' }, Code.NOT_FOUND],
    [
      'an extension',
      { $case: 'fileContainingExtension', value: { containingType: 'a.B', extensionNumber: 1 } },
      Code.NOT_FOUND,
    ],
    ['nothing', undefined, Code.INVALID_ARGUMENT],
  ])('%s that does not exist: an error response, and the stream continues', async (_, question, code) => {
    const { messageResponse } = await ask(server.address, question);
    expect(messageResponse).toMatchObject({ $case: 'errorResponse', value: { errorCode: code } });
  });

  it.each([
    ['google.longrunning.Operations/ListOperations', { name: 'projects/p/locations/l' }, {}],
    ['grpc.health.v1.Health/Check', { service: 'google.longrunning.Operations' }, { status: 'SERVING' }],
    [
      `${AWS_CLUSTERS}/CreateAwsCluster`,
      { parent: 'projects/p/locations/l', aws_cluster_id: 'a' },
      { name: expect.stringMatching(/^projects\/p\/locations\/l\/operations\//) },
    ],
  ])('buf curl calls %s using reflection only', async (method, request, response) => {
    const url = `http://${server.address}/${method}`;
    const args = [
      'curl',
      '--protocol',
      'grpc',
      '--http2-prior-knowledge',
      '-d',
      JSON.stringify(request),
      url,
    ];
    const buf = resolve('node_modules/.bin/buf');
    const { stdout } = await promisify(execFile)(buf, args, { cwd: tmpdir() });
    expect(JSON.parse(stdout)).toMatchObject(response);
  });
});

describe('reflection of descriptors', () => {
  it('descriptors that cannot be described: calls end with an error, and the process survives', async () => {
    using faults = processFaults();
    const server = new Server();
    const broken = new Error('annotations are broken');
    const logged: unknown[] = [];
    addChangeableReflection(server, {
      descriptors: thingsDescriptors(),
      annotationOf: () => {
        throw broken;
      },
      logger: { error: (facts) => logged.push(facts) },
    });
    await using port = await servePort({ server, address: '127.0.0.1:0' });
    const asked = ask(port.address, symbol('acme.things.v1.Things'));
    const error = StatusError.from(await rejection(asked));
    expect(error.code).toBe(Code.UNKNOWN);
    expect(error.detail(ErrorInfo)).toMatchObject({ reason: 'INTERNAL_ERROR' });
    // Requests that need no annotations still work.
    await ask(port.address, { $case: 'listServices', value: '' });
    expect(logged).toEqual([{ err: broken }]);
    expect(await faults.take()).toEqual([]);
    server.forceShutdown();
  });

  let port: ServedPort;
  const server = new Server();
  beforeAll(async () => {
    addReflection(server, { descriptors: thingsDescriptors(), services: ['acme.More'] });
    port = await servePort({ server, address: '127.0.0.1:0' });
  });
  afterAll(async () => port.close({ graceMs: 0 }));

  it('returns files unchanged, including options', async () => {
    const registry = linked(filesIn(await ask(port.address, symbol('acme.things.v1.Things'))));
    expect(registry.getFile('things.proto')?.proto.dependency).toContain('google/api/annotations.proto');
    expect(optionOf(registry, 'acme.things.v1.Things', 'GetThing', 'google.api.http')).toBeDefined();
  });

  it('lists additionally named services', async () => {
    const { messageResponse } = await ask(port.address, { $case: 'listServices', value: '' });
    expect(messageResponse?.value).toMatchObject({
      service: expect.arrayContaining([{ name: 'acme.More' }, { name: 'acme.things.v1.Things' }]),
    });
  });
});
