import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../generated/grpc/reflection/v1/reflection.js';
import { OperationsService } from '../../src/server/index.js';
import { addReflection } from '../../src/server/reflection/add-reflection.js';
import { run } from './command-line.js';

// `buf` is a separate process.
jest.setTimeout(300_000);

const NAME = 'operations/1';
const FIXTURES = join(__dirname, 'fixtures');
const INCLUDES = [FIXTURES, join(__dirname, '../../protos'), 'node_modules/google-gax/build/protos'];
const PROTO_LOADER = loadSync('jobs.proto', { includeDirs: INCLUDES, keepCase: true });

/** Field `progress_percent` of JobMetadata. */
const METADATA = Buffer.from(new BinaryWriter().uint32(8).int32(40).finish());

const OPERATION: Operation = {
  name: NAME,
  metadata: { typeUrl: 'type.googleapis.com/test.jobs.v1.JobMetadata', value: METADATA },
  done: false,
  result: undefined,
};

const API_FILES = ['annotations', 'client', 'field_behavior', 'http', 'launch_stage'].map(
  (name) => `api/${name}`,
);

let directory: string;
let descriptorFile: string;

interface Reflected extends AsyncDisposable {
  readonly address: string;
  /** Metadata of the calls, including `authorization`. */
  readonly authorizations: string[];
}

/** Server of jobs, extended by `reflect`. */
async function startServer(reflect: (server: Server) => void): Promise<Reflected> {
  const server = new Server();
  const authorizations: string[] = [];
  const answer = (
    { metadata }: { metadata: Metadata },
    callback: (error: null, operation: Operation) => void,
  ) => {
    authorizations.push(String(metadata.get('authorization')));
    callback(null, OPERATION);
  };
  server.addService({ getOperation: OperationsService.getOperation }, { getOperation: answer });
  server.register(
    '/test.jobs.v1.Jobs/Hang',
    answer as never,
    OperationsService.getOperation.responseSerialize,
    (bytes: Buffer) => bytes,
    'unary',
  );
  reflect(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    authorizations,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

const descriptors = () => readFileSync(descriptorFile);

/** Adds a single version of reflection, like older servers. */
function onlyVersion(version: string): (server: Server) => void {
  return (server) => {
    const filtered = {
      addService(definition: { serverReflectionInfo: { path: string } }, implementation: never) {
        if (definition.serverReflectionInfo.path.includes(`.${version}.`)) {
          server.addService(definition as never, implementation);
        }
      },
    };
    addReflection(filtered as never, { descriptors: descriptors() });
  };
}

type ReflectionCall = ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;

/** Adds reflection that sends each file without its imports. */
function fileByFile(server: Server): void {
  const { file } = fromBinary(FileDescriptorSetSchema, descriptors());
  const answer = (question: ServerReflectionRequest['messageRequest']) => {
    const found = file.find(({ name, package: packageName, service, messageType }) =>
      question?.$case === 'fileByFilename'
        ? name === question.value
        : [...service, ...messageType].some((type) => `${packageName}.${type.name}` === question?.value),
    );
    if (!found) {
      return { $case: 'errorResponse', value: { errorCode: 5, errorMessage: 'not found' } } as const;
    }
    const fileDescriptorProto = [Buffer.from(toBinary(FileDescriptorProtoSchema, found))];
    return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } } as const;
  };
  server.addService(ServerReflectionService, {
    serverReflectionInfo: (call: ReflectionCall) => {
      call.on('data', ({ messageRequest }: ServerReflectionRequest) =>
        call.write({ validHost: '', originalRequest: undefined, messageResponse: answer(messageRequest) }),
      );
      call.on('end', () => call.end());
    },
  });
}

const DECODED = { '@type': 'type.googleapis.com/test.jobs.v1.JobMetadata', progressPercent: 40 };
const BYTES = { '@type': 'type.googleapis.com/test.jobs.v1.JobMetadata', value: 'CCg=' };

// At the top level, so that the files are removed before test/helpers/no-leaks.ts checks.
describe('types of metadata and responses', () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'longrunning-reflection-'));
    const sources = join(directory, 'protos');
    cpSync(join(FIXTURES, 'jobs.proto'), join(sources, 'jobs.proto'));
    cpSync(join(__dirname, '../../protos/google'), join(sources, 'google'), { recursive: true });
    for (const file of [...API_FILES, 'rpc/status']) {
      const name = `google/${file}.proto`;
      cpSync(join('node_modules/google-gax/build/protos', name), join(sources, name));
    }
    descriptorFile = join(directory, 'jobs.binpb');
    execFileSync('node_modules/.bin/buf', ['build', sources, '-o', descriptorFile], { stdio: 'inherit' });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  describe.each<[string, () => (server: Server) => void]>([
    [
      'both versions of addReflection',
      () => (server) => addReflection(server, { descriptors: descriptors() }),
    ],
    ['grpc.reflection.v1 alone', () => onlyVersion('v1')],
    ['grpc.reflection.v1alpha alone', () => onlyVersion('v1alpha')],
    ['files without their imports', () => fileByFile],
    ['@grpc/reflection', () => (server) => new ReflectionService(PROTO_LOADER).addToServer(server)],
  ])('by reflection: %s', (_, reflect) => {
    it('get: decoded without --proto', async () => {
      await using server = await startServer(reflect());
      const { code, stdout, stderr } = await run(['get', NAME, '--json'], { address: server.address });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout).metadata).toEqual(DECODED);
    });

    it('start: finds a method by its full name, and reads its request', async () => {
      await using server = await startServer(reflect());
      const args = ['start', 'test.jobs.v1.Jobs/Hang', '{"parent": "projects/p"}', '--json'];
      const { code, stdout, stderr } = await run(args, { address: server.address });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout).metadata).toEqual(DECODED);
      const wrong = await run(['start', 'test.jobs.v1.Jobs/Hang', '{"parnt": "p"}'], {
        address: server.address,
      });
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('parnt') });
    });
  });

  it('start: finds a method by a suffix of its name', async () => {
    await using server = await startServer((each) => addReflection(each, { descriptors: descriptors() }));
    const { code, stdout } = await run(['start', 'Hang'], { address: server.address });
    expect(code).toBe(0);
    expect(stdout).toContain('progressPercent  40');
    const unknown = await run(['start', 'Jobs/Hnag'], { address: server.address });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean') });
  });

  it('no reflection: type and bytes, and nothing on standard error', async () => {
    await using server = await startServer(() => {});
    const { code, stdout, stderr } = await run(['get', NAME, '--json'], { address: server.address });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).metadata).toEqual(BYTES);
  });

  it('malformed reflection: type and bytes', async () => {
    await using server = await startServer((each) =>
      each.addService(ServerReflectionService, {
        serverReflectionInfo: (call: ReflectionCall) => {
          const value = { fileDescriptorProto: [Buffer.from([255, 255, 1])] };
          call.on('data', () => {
            call.write({
              validHost: '',
              originalRequest: undefined,
              messageResponse: { $case: 'fileDescriptorResponse', value },
            });
          });
          call.on('end', () => call.end());
        },
      }),
    );
    const { code, stdout } = await run(['get', NAME, '--json'], { address: server.address });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).metadata).toEqual(BYTES);
  });

  it('--descriptors: reads a descriptor set, without reflection', async () => {
    await using server = await startServer(() => {});
    const address = server.address;
    const get = await run(['get', NAME, '--json', '--descriptors', descriptorFile], { address });
    expect(JSON.parse(get.stdout).metadata).toEqual(DECODED);
    const start = await run(['start', 'Jobs/Hang', '--json', '--descriptors', descriptorFile], { address });
    expect(JSON.parse(start.stdout).metadata).toEqual(DECODED);
  });

  it('--descriptors with an invalid or missing file: exit code 2', async () => {
    const file = join(directory, 'none.binpb');
    writeFileSync(file, 'no descriptors');
    for (const [given, advice] of [
      [file, 'descriptors are not a complete FileDescriptorSet'],
      ['missing.binpb', 'the descriptor set cannot be read: '],
    ]) {
      const { code, stderr } = await run(['get', NAME, '--descriptors', given ?? '']);
      expect(code).toBe(2);
      expect(stderr).toContain(advice);
      expect(stderr).toMatch(/^longrunning: [^\n]+\n$/);
    }
  });
});
