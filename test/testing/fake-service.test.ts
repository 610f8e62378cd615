import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectKitError, rejection } from '../../src/conformance/kit-error.js';
import { Code } from '../../src/core/status.js';
import { loadSchema, type Schema } from '../../src/schema/index.js';
import { exampleService } from '../../src/testing/faking/example.js';
import { fakeServices } from '../../src/testing/faking/fake-service.js';
import { GKE_PROTOS, protoFiles } from '../schema/proto-files.js';
import { startFakeServer } from './fake-server.js';

const PARENT = 'projects/p/locations/l';
const AWS = 'google.cloud.gkemulticloud.v1.AwsClusters';
let gke: Schema;
beforeAll(async () => {
  const files = ['attached_service.proto', 'aws_service.proto'];
  gke = await loadSchema({
    files: files.map((name) => `google/cloud/gkemulticloud/v1/${name}`),
    includeDirs: [GKE_PROTOS],
  });
});

const create = (...lines: string[]) =>
  `methods:\n  ${AWS}.CreateAwsCluster:\n${lines.map((line) => `    ${line}\n`).join('')}`;

describe('a fake service', () => {
  it('runs a real operation: initial metadata, merged steps, final response', async () => {
    await using server = await startFakeServer(
      gke,
      create(
        'durationMs: 1000',
        'steps: [{ atMs: 500, metadata: { statusDetail: half way } }]',
        `response: { name: ${PARENT}/awsClusters/a }`,
      ),
    );
    const { manual, operations, json } = server;
    const started = await server.start('CreateAwsCluster', { parent: PARENT, validateOnly: true });
    const { name } = started;
    expect(name).toMatch(/^projects\/p\/locations\/l\/operations\/[^/]+$/);
    const metadata = {
      '@type': 'type.googleapis.com/google.cloud.gkemulticloud.v1.OperationMetadata',
      createTime: '2030-01-01T00:00:00Z',
      verb: 'create',
      target: `${PARENT}/awsClusters/1`,
    };
    expect(json(started)).toEqual({ name, metadata });

    await manual.whenArmed(1);
    await manual.advance(500);
    await manual.whenArmed(1);
    expect(json(await operations.getOperation({ name }))).toEqual({
      name,
      metadata: { ...metadata, statusDetail: 'half way' },
    });
    await manual.advance(500);
    expect(json(await operations.getOperation({ name }))).toEqual({
      name,
      done: true,
      metadata: { ...metadata, statusDetail: 'half way', endTime: '2030-01-01T00:00:01Z' },
      response: {
        '@type': 'type.googleapis.com/google.cloud.gkemulticloud.v1.AwsCluster',
        name: `${PARENT}/awsClusters/a`,
      },
    });
  });

  it('returns the empty message after a second by default', async () => {
    await using server = await startFakeServer(gke);
    const { name } = await server.start('DeleteAwsCluster', {
      name: `${PARENT}/awsClusters/a`,
      allowMissing: true,
    });
    await server.manual.whenArmed(1);
    await server.manual.advance(999);
    expect((await server.operations.getOperation({ name })).done).toBe(false);
    await server.manual.advance(1);
    expect(server.json(await server.operations.getOperation({ name }))).toMatchObject({
      done: true,
      metadata: { verb: 'delete', target: `${PARENT}/awsClusters/a` },
      response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
    });
  });

  it('fails with the scripted error, including its details', async () => {
    await using server = await startFakeServer(
      gke,
      create(
        'durationMs: 0',
        'error:',
        '  code: FAILED_PRECONDITION',
        '  message: no room',
        '  details: [{ "@type": type.googleapis.com/google.rpc.ErrorInfo, reason: NO_ROOM }]',
      ),
    );
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.advance(0);
    expect(server.json(await server.operations.getOperation({ name }))).toMatchObject({
      done: true,
      error: {
        code: 9,
        message: 'no room',
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'NO_ROOM' }],
      },
    });
  });

  it('rejects a request that is cut off inside a string, and starts nothing', async () => {
    await using server = await startFakeServer(gke);
    const parent = Buffer.from(PARENT);
    const whole = Buffer.concat([Buffer.from([0x0a, parent.length]), parent]);
    const path = `/${AWS}/CreateAwsCluster`;
    await server.call(path, whole);
    for (const length of [1, 2, 5, whole.length - 1]) {
      await expect(server.call(path, whole.subarray(0, length))).rejects.toMatchObject({
        code: expect.any(Number),
      });
    }
    const { operations } = await server.operations.listOperations({ name: PARENT });
    expect(operations).toHaveLength(1);
  });

  it('ignores unknown fields of a request', async () => {
    await using server = await startFakeServer(gke);
    const bytes = Buffer.concat([
      Buffer.from([0x0a, PARENT.length]),
      Buffer.from(PARENT),
      Buffer.from([0xf8, 0x7f, 1]),
    ]);
    await expect(server.call(`/${AWS}/CreateAwsCluster`, bytes)).resolves.toBeDefined();
  });

  it('returns UNIMPLEMENTED for methods that neither start operations nor are standard methods (contract 32)', async () => {
    await using server = await startFakeServer(gke);
    const call = server.call(`/${AWS}/GenerateAwsAccessToken`, new Uint8Array());
    await expectKitError(call, Code.UNIMPLEMENTED, {
      reason: 'METHOD_NOT_FAKED',
      message: /GenerateAwsAccessToken is not faked.*: set its answer in the script/,
    });
  });

  it('returns UNIMPLEMENTED for streams (contract 32)', async () => {
    using files = protoFiles({
      'jobs.proto':
        'syntax = "proto3"; package acme; message M {} service S { rpc Watch(M) returns (stream M); }',
    });
    await using server = await startFakeServer(await loadSchema({ files: [files.path('jobs.proto')] }));
    await expectKitError(server.stream('/acme.S/Watch'), Code.UNIMPLEMENTED, { reason: 'METHOD_NOT_FAKED' });
  });

  it('returns UNIMPLEMENTED for streams of operations, and names the reason (contract 32)', async () => {
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package acme; import "google/longrunning/operations.proto"; message M {}
        service S { rpc Watch(M) returns (stream google.longrunning.Operation); }`,
    });
    await using server = await startFakeServer(await loadSchema({ files: [files.path('jobs.proto')] }));
    await expectKitError(server.stream('/acme.S/Watch'), Code.UNIMPLEMENTED, {
      message: /: streams cannot be faked/,
    });
  });

  it('starts operations without operation_info, and with types whose JSON is not an object', async () => {
    const types = 'response_type: "google.protobuf.StringValue" metadata_type: "google.protobuf.Timestamp"';
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package acme; import "google/longrunning/operations.proto";
        import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; message M {}
        service S {
          rpc Bare(M) returns (google.longrunning.Operation);
          rpc Odd(M) returns (google.longrunning.Operation) {
            option (google.longrunning.operation_info) = { ${types} }; }
        }`,
    });
    await using server = await startFakeServer(await loadSchema({ files: [files.path('jobs.proto')] }));
    const { manual, operations, json } = server;
    const names = [(await server.start('Bare', {})).name, (await server.start('Odd', {})).name];
    await manual.whenArmed(2);
    await manual.advance(1000);
    const ended = await Promise.all(names.map((name) => operations.getOperation({ name })));
    const empty = { '@type': 'type.googleapis.com/google.protobuf.Empty' };
    expect(ended.map(json)).toEqual([
      { name: names[0], done: true, metadata: empty, response: empty },
      {
        name: names[1],
        done: true,
        metadata: expect.objectContaining({ value: '1970-01-01T00:00:00Z' }),
        response: expect.objectContaining({ value: '' }),
      },
    ]);
  });

  it('merges steps into nested metadata', async () => {
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package acme; import "google/longrunning/operations.proto";
        message M { message Progress { int32 done = 1; int32 total = 2; } Progress progress = 1; string verb = 2; }
        service S { rpc createJob(M) returns (google.longrunning.Operation) {
          option (google.longrunning.operation_info) = { response_type: "M" metadata_type: "M" }; } }`,
    });
    const schema = await loadSchema({ files: [files.path('jobs.proto')] });
    await using server = await startFakeServer(
      schema,
      `methods: { acme.S.createJob: {
        metadata: { progress: { total: 9 } }, steps: [{ atMs: 500, metadata: { progress: { done: 4 } } }] } }`,
    );
    const { name } = await server.start('createJob', {});
    await server.manual.whenArmed(1);
    await server.manual.advance(500);
    await server.manual.whenArmed(1);
    expect(server.json(await server.operations.getOperation({ name }))).toMatchObject({
      metadata: { verb: 'create', progress: { done: 4, total: 9 } },
    });
  });

  it('is rejected if the schema has no service', async () => {
    using files = protoFiles({ 'types.proto': 'syntax = "proto3"; message M {}' });
    const schema = await loadSchema({ files: [files.path('types.proto')] });
    expect(() => fakeServices(schema)).toThrow(/no service in .*types\.proto: name the file/);
  });
});

describe('cancelling an operation of a fake service', () => {
  it('honour: cancelled at once, as the metadata shows (contract 11, 14)', async () => {
    await using server = await startFakeServer(gke, create('durationMs: 1000'));
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.whenArmed(1);
    await server.operations.cancelOperation({ name });
    expect(server.json(await server.operations.waitOperation({ name }))).toMatchObject({
      done: true,
      metadata: { requestedCancellation: true },
      error: { code: 1 },
    });
    expect(server.manual.armed).toBe(0);
  });

  it('afterMs: pending until then, then cancelled (contract 14)', async () => {
    await using server = await startFakeServer(gke, create('durationMs: 1000', 'onCancel: { afterMs: 300 }'));
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.whenArmed(1);
    await server.manual.advance(100);
    await server.operations.cancelOperation({ name });
    await server.manual.whenArmed(2);
    await server.manual.advance(299);
    const pending = server.json(await server.operations.getOperation({ name }));
    expect(pending).toMatchObject({ metadata: { requestedCancellation: true } });
    expect(pending).not.toHaveProperty('done');
    await server.manual.advance(1);
    expect(server.json(await server.operations.getOperation({ name }))).toMatchObject({ error: { code: 1 } });
    expect(server.manual.armed).toBe(0);
  });

  it('afterMs: the work may complete earlier (contract 12)', async () => {
    await using server = await startFakeServer(gke, create('durationMs: 1000', 'onCancel: { afterMs: 300 }'));
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.whenArmed(1);
    await server.manual.advance(900);
    await server.operations.cancelOperation({ name });
    await server.manual.whenArmed(2);
    await server.manual.advance(100);
    const ended = server.json(await server.operations.getOperation({ name }));
    expect(ended).toMatchObject({ done: true, metadata: { requestedCancellation: true } });
    expect(ended).toHaveProperty('response');
    expect(server.manual.armed).toBe(0);
  });

  it('ignore: completes despite it (contract 12)', async () => {
    await using server = await startFakeServer(gke, create('onCancel: ignore'));
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.whenArmed(1);
    await server.operations.cancelOperation({ name });
    await server.manual.advance(1000);
    const ended = server.json(await server.operations.getOperation({ name }));
    expect(ended).toMatchObject({ done: true, metadata: { requestedCancellation: true } });
    expect(ended).toHaveProperty('response');
  });

  it('unimplemented: UNIMPLEMENTED, and the work continues (contract 15)', async () => {
    await using server = await startFakeServer(gke, create('onCancel: unimplemented'));
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.whenArmed(1);
    await expectKitError(server.operations.cancelOperation({ name }), Code.UNIMPLEMENTED);
    await server.manual.advance(1000);
    expect(server.json(await server.operations.getOperation({ name }))).toHaveProperty('response');
  });

  it('keeps scripted metadata', async () => {
    const metadata = `{ verb: "", createTime: "2001-01-01T00:00:00Z", requestedCancellation: false }`;
    await using server = await startFakeServer(gke, create(`metadata: ${metadata}`, 'onCancel: ignore'));
    const { name } = await server.start('CreateAwsCluster', { parent: PARENT });
    await server.manual.whenArmed(1);
    await server.operations.cancelOperation({ name });
    expect(server.json(await server.operations.getOperation({ name }))).toEqual({
      name,
      metadata: {
        '@type': 'type.googleapis.com/google.cloud.gkemulticloud.v1.OperationMetadata',
        createTime: '2001-01-01T00:00:00Z',
        target: `${PARENT}/awsClusters/1`,
      },
    });
  });

  it('the example exports with progress and rejects cancelling a purge (contract 15)', async () => {
    const { schema } = await exampleService();
    await using server = await startFakeServer(schema, 'default: { onCancel: unimplemented }');
    const { name } = await server.start('PurgeReports', { parent: PARENT });
    await server.manual.whenArmed(1);
    await expectKitError(server.operations.cancelOperation({ name }), Code.UNIMPLEMENTED);
  });
});

describe('operation names of a fake service', () => {
  it.each([
    ['CreateAwsCluster', { parent: PARENT }],
    ['CreateAwsNodePool', { parent: `${PARENT}/awsClusters/a` }],
    ['DeleteAwsCluster', { name: `${PARENT}/awsClusters/a` }],
    ['UpdateAwsCluster', { awsCluster: { name: `${PARENT}/awsClusters/a` } }],
    ['UpdateAwsNodePool', { awsNodePool: { name: `${PARENT}/awsClusters/a/awsNodePools/n` } }],
  ])('are under the location of the path variable: %s', async (method, request) => {
    await using server = await startFakeServer(gke, `methods: { ${method}: { response: {} } }`);
    const { name } = await server.start(method, request);
    expect(name.replace(/[^/]+$/, '')).toBe(`${PARENT}/operations/`);
  });

  it.each([
    ['CreateAwsCluster', {}, 'parent'],
    ['CreateAwsCluster', { parent: 'projects/p' }, 'parent'],
    ['CreateAwsCluster', { parent: 'projects/p/locations/' }, 'parent'],
    ['CreateAwsCluster', { parent: `${PARENT}/` }, 'parent'],
    ['CreateAwsCluster', { parent: 'projects/../locations/l' }, 'parent'],
    ['CreateAwsCluster', { parent: `projects/p/locations/${'x'.repeat(1 << 20)}` }, 'parent'],
    ['DeleteAwsCluster', { name: PARENT }, 'name'],
    ['UpdateAwsCluster', { awsCluster: { name: 'a' } }, 'aws_cluster.name'],
    ['UpdateAwsCluster', {}, 'aws_cluster.name'],
  ])('are not created for malformed fields: %s (contract 9)', async (method, request, field) => {
    await using server = await startFakeServer(gke);
    await expectKitError(server.start(method, request), Code.INVALID_ARGUMENT, { field });
  });

  it('are under the location of any path variable with one; enum values count by name', async () => {
    const info = 'option (google.longrunning.operation_info) = { response_type: "M" metadata_type: "M" };';
    const get = (path: string) => `option (google.api.http) = { get: "${path}" };`;
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package acme;
        import "google/api/annotations.proto"; import "google/longrunning/operations.proto";
        enum Region { REGION_UNSPECIFIED = 0; EAST = 1; }
        message M { string tenant = 1; string name = 2; Region region = 3; string target = 4; }
        service S {
          rpc Two(M) returns (google.longrunning.Operation) {
            ${get('/v1/{tenant=tenants/*}/{name=projects/*/locations/*/x/*}')} ${info} }
          rpc In(M) returns (google.longrunning.Operation) { ${get('/v1/{region}/{tenant=tenants/*}')} ${info} }
        }`,
    });
    await using server = await startFakeServer(await loadSchema({ files: [files.path('jobs.proto')] }));
    const name = `${PARENT}/x/1`;
    const two = await server.start('Two', { tenant: 'tenants/t', name });
    expect(two.name).toMatch(new RegExp(`^${PARENT}/operations/`));
    expect(server.json(two)).toMatchObject({ metadata: { target: name } });
    const inRegion = await server.start('In', { region: 'EAST', tenant: 'tenants/t' });
    expect(inRegion.name).toMatch(/^operations\//);
    expect(server.json(inRegion)).toMatchObject({ metadata: { target: 'EAST' } });
  });

  it('are under the whole parent without a location, and top-level without a parent', async () => {
    const info = 'option (google.longrunning.operation_info) = { response_type: "M" metadata_type: "M" };';
    const post = (path: string) => `option (google.api.http) = { post: "${path}" };`;
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package acme;
        import "google/api/annotations.proto"; import "google/longrunning/operations.proto";
        message M { string parent = 1; string name = 2; int32 create_time = 3; }
        service S {
          rpc Org(M) returns (google.longrunning.Operation) { ${post('/v1/{parent=organizations/*}/jobs')} ${info} }
          rpc Free(M) returns (google.longrunning.Operation) { ${info} }
          rpc Zone(M) returns (google.longrunning.Operation) { ${post('/v1/{name=zones/*}:do')} ${info} }
        }`,
    });
    await using server = await startFakeServer(await loadSchema({ files: [files.path('jobs.proto')] }));
    const prefix = async (method: string, request: Record<string, string>) =>
      (await server.start(method, request)).name.replace(/[^/]+$/, '');
    expect(await prefix('Org', { parent: 'organizations/o' })).toBe('organizations/o/operations/');
    expect(await prefix('Free', { parent: 'folders/f' })).toBe('folders/f/operations/');
    expect(await prefix('Free', {})).toBe('operations/');
    expect(await prefix('Zone', { name: 'zones/z' })).toBe('operations/');
    expect(String(await rejection(server.start('Free', { parent: 'a//b' })))).toMatch(/malformed/);
  });
});
