import { relative } from 'node:path';
import { fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { findMethod, loadSchema, SchemaError } from '../../src/schema/index.js';
import { GKE_PROTOS, protoFiles } from './proto-files.js';

const GKE_FILES = ['attached_service.proto', 'aws_service.proto'].map(
  (name) => `google/cloud/gkemulticloud/v1/${name}`,
);
const HEADER = `syntax = "proto3"; package acme.v1;
import "google/api/annotations.proto"; import "google/longrunning/operations.proto";`;

describe('loadSchema', () => {
  it('reads the protos of the GKE Multi-Cloud API: types, bound fields, deprecation', async () => {
    const schema = await loadSchema({ files: GKE_FILES, includeDirs: [GKE_PROTOS] });
    expect(schema.services.map(({ name }) => name)).toEqual(['AttachedClusters', 'AwsClusters']);
    expect(schema.methods).toHaveLength(11);

    const update = findMethod(schema, 'google.cloud.gkemulticloud.v1.AwsClusters/UpdateAwsCluster');
    expect(update).toMatchObject({
      name: 'google.cloud.gkemulticloud.v1.AwsClusters.UpdateAwsCluster',
      path: '/google.cloud.gkemulticloud.v1.AwsClusters/UpdateAwsCluster',
      deprecated: true,
      bindings: [[{ path: 'aws_cluster.name', pattern: 'projects/*/locations/*/awsClusters/*' }]],
    });
    expect(update?.response.$type).toBe('google.cloud.gkemulticloud.v1.AwsCluster');
    expect(update?.metadata.$type).toBe('google.cloud.gkemulticloud.v1.OperationMetadata');
    const create = findMethod(schema, 'google.cloud.gkemulticloud.v1.AttachedClusters.CreateAttachedCluster');
    expect(create?.deprecated).toBe(false);
  });

  it('accepts absolute paths, relative paths and names in an include directory', async () => {
    using files = protoFiles({ 'jobs.proto': `${HEADER} message M {} service S { rpc Do(M) returns (M); }` });
    const names = [files.path('jobs.proto'), relative('.', files.path('jobs.proto')), 'jobs.proto'];
    for (const name of names) {
      const schema = await loadSchema({ files: [name], includeDirs: [files.dir] });
      expect(schema.services.map(String)).toEqual(['service acme.v1.S']);
    }
  });

  it('always includes the error details and the well-known types', async () => {
    const { registry } = await loadSchema({ files: ['example/reports/v1/reports.proto'] });
    for (const name of ['google.rpc.ErrorInfo', 'google.rpc.BadRequest', 'google.protobuf.Struct']) {
      expect(registry.getMessage(name)?.typeName).toBe(name);
    }
  });

  it('keeps every kind of field on the wire and in JSON', async () => {
    using files = protoFiles({
      'kinds.proto': `${HEADER} import "google/protobuf/timestamp.proto"; import "google/rpc/status.proto";
        message Outer {
          message Labels { string text = 1; }
          enum Colour { RED = 0; GREEN = 1; }
          map<string, Labels> labels = 1;
          map<int32, google.rpc.Status> by_code = 2;
          optional string nick_name = 3;
          oneof choice { string word = 4; Labels nested = 5; }
          repeated int64 sizes = 6;
          repeated Colour colours = 7 [packed = false];
          Outer self = 8;
          google.protobuf.Timestamp start_time = 9;
          bytes raw_bytes = 10;
        }`,
    });
    const { registry } = await loadSchema({ files: [files.path('kinds.proto')] });
    const type = registry.getMessage('acme.v1.Outer');
    if (!type) throw new Error('acme.v1.Outer is missing');
    const json = {
      labels: { a: { text: 'x' } },
      byCode: { 5: { code: 5, message: 'gone' } },
      nickName: '',
      nested: { text: 'y' },
      sizes: ['9007199254740993'],
      colours: ['GREEN', 'RED'],
      self: { word: 'deep' },
      startTime: '2030-01-01T00:00:00Z',
      rawBytes: 'AAE=',
    };
    const message = fromJson(type, json, { registry });
    expect(toJson(type, message, { registry })).toEqual(json);
    expect(type.fields.map(({ fieldKind }) => fieldKind)).toEqual([
      'map',
      'map',
      'scalar',
      'scalar',
      'message',
      'list',
      'list',
      'message',
      'message',
      'scalar',
    ]);
    // An empty `optional` field is sent: tag 3, no bytes.
    expect([...toBinary(type, fromJson(type, { nickName: '' }))]).toEqual([0x1a, 0]);
    expect(type.oneofs.map(({ name }) => name)).toEqual(['choice']);
  });

  it('accepts packages that refer to each other', async () => {
    using files = protoFiles({
      'a.proto': 'syntax = "proto3"; package a; import "b.proto"; message Top { b.Middle middle = 1; }',
      'b.proto': 'syntax = "proto3"; package b; import "c.proto"; message Middle { a.Bottom bottom = 1; }',
      'c.proto': 'syntax = "proto3"; package a; message Bottom { Bottom next = 1; string text = 2; }',
    });
    const { registry } = await loadSchema({ files: ['a.proto'], includeDirs: [files.dir] });
    const top = registry.getMessage('a.Top');
    expect(top?.field.middle?.message?.field.bottom?.message?.typeName).toBe('a.Bottom');
  });

  it('reads options in every notation', async () => {
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package google.acme.v1;
        import "google/api/annotations.proto"; import "google/longrunning/operations.proto";
        message M { string name = 1; }
        service S { rpc Do(M) returns (google.longrunning.Operation) {
          option (google.api.http) = { custom { kind: "*" path: "/v1/{name=a/*}" }
            additional_bindings { get: "/v1/{name}" } };
          option (longrunning.operation_info).response_type = "M";
          option (.google.longrunning.operation_info).metadata_type = "google.protobuf.Struct";
        } }`,
    });
    const { methods } = await loadSchema({ files: [files.path('jobs.proto')] });
    expect(methods[0]?.response.$type).toBe('google.acme.v1.M');
    expect(methods[0]?.metadata.$type).toBe('google.protobuf.Struct');
    expect(methods[0]?.bindings).toEqual([
      [{ path: 'name', pattern: 'a/*' }],
      [{ path: 'name', pattern: '*' }],
    ]);
  });

  const longRunning = (option: string) =>
    `${HEADER} message M {} service S { rpc Do(M) returns (google.longrunning.Operation) { ${option} } }`;
  const faulty: [string, string, string, string, RegExp][] = [
    [
      'an undeclared response type',
      'option (google.longrunning.operation_info) = { response_type: "X" metadata_type: "M" };',
      'google.protobuf.Empty',
      'acme.v1.M',
      /^method acme\.v1\.S\.Do has operation_info with response_type "X".*load the file/,
    ],
    [
      'a missing metadata type',
      'option (google.longrunning.operation_info).response_type = "M";',
      'acme.v1.M',
      'google.protobuf.Empty',
      /^method acme\.v1\.S\.Do.*metadata_type ""/,
    ],
    [
      'no operation_info',
      '',
      'google.protobuf.Empty',
      'google.protobuf.Empty',
      /^method acme\.v1\.S\.Do.*add option.*operation_info/,
    ],
  ];
  it.each(faulty)(
    '%s: defaults to Empty and reports a fault',
    async (_, option, response, metadata, fault) => {
      using files = protoFiles({
        'bad.proto': longRunning(option),
        'user.proto': 'syntax = "proto3"; import "bad.proto"; message User { acme.v1.M m = 1; }',
      });
      // Imported files behave the same.
      for (const name of ['bad.proto', 'user.proto']) {
        const { methods } = await loadSchema({ files: [name], includeDirs: [files.dir] });
        expect(methods).toHaveLength(1);
        expect(methods[0]).toMatchObject({ response: { $type: response }, metadata: { $type: metadata } });
        expect(methods[0]?.faults).toEqual([expect.stringMatching(fault)]);
      }
    },
  );

  it('accepts a file without a package', async () => {
    using files = protoFiles({
      'nopkg.proto': `syntax = "proto3"; import "google/longrunning/operations.proto";
        message M { Kind kind = 1; } enum Kind { NONE = 0; }
        service Jobs { rpc Run(M) returns (google.longrunning.Operation) {
          option (google.longrunning.operation_info) = { response_type: "M" metadata_type: "M" };
        } }`,
    });
    const schema = await loadSchema({ files: [files.path('nopkg.proto')] });
    expect(findMethod(schema, 'Jobs.Run')).toMatchObject({
      path: '/Jobs/Run',
      faults: [],
      response: { $type: 'M' },
    });
  });

  it('ignores proto2 defaults: unset fields are omitted', async () => {
    using files = protoFiles({
      'old.proto': 'syntax = "proto2"; package acme; message M { optional int32 size = 1 [default = 7]; }',
    });
    const { registry } = await loadSchema({ files: [files.path('old.proto')] });
    const type = registry.getMessage('acme.M');
    if (!type) throw new Error('acme.M is missing');
    expect(toJson(type, fromJson(type, {}))).toEqual({});
    expect(fromJson(type, {})).toMatchObject({ size: 0 });
  });

  const refusals: [string, string, RegExp][] = [
    [
      'a syntax error',
      'syntax = "proto3";\nmessag M {}',
      /bad\.proto.*illegal token 'messag'.*line 2.*correct/,
    ],
    ['a missing import', 'import "no/such.proto";', /bad\.proto imports "no\/such\.proto".*include/],
    ['an undeclared type', 'syntax = "proto3"; message M { No.Such f = 1; }', /bad\.proto.*No\.Such/],
  ];
  it.each(refusals)('rejects %s and names the position', async (_, text, message) => {
    using files = protoFiles({ 'bad.proto': text });
    const error = await rejection(loadSchema({ files: [files.path('bad.proto')] }));
    expect(error).toBeInstanceOf(SchemaError);
    expect(String(error)).toMatch(message);
  });

  it('rejects a file that does not exist and one that cannot be read', async () => {
    using files = protoFiles({});
    const missing = await rejection(loadSchema({ files: ['no/such.proto'], includeDirs: [files.dir] }));
    expect(String(missing)).toMatch(/^SchemaError: file "no\/such.proto" does not exist.*check its name/);
    const directory = await rejection(loadSchema({ files: [files.dir] }));
    expect(String(directory)).toMatch(/^SchemaError: .* cannot be read: .*EISDIR/);
  });

  it('accepts an invalid HTTP path, which binds nothing and is left to REST servers', async () => {
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3";
        import "google/api/annotations.proto";
        import "google/longrunning/operations.proto";
        message Job { string name = 1; }
        service Jobs {
          rpc Run(Job) returns (google.longrunning.Operation) {
            option (google.api.http) = {
              post: "/v1/{name=jobs/*"
              additional_bindings { post: "/v2/{name=jobs/*}" }
            };
          }
        }`,
    });
    const { methods } = await loadSchema({ files: [files.path('jobs.proto')] });
    expect(methods.map(({ bindings }) => bindings)).toEqual([[[{ path: 'name', pattern: 'jobs/*' }]]]);
  });

  it('distinguishes comments from HTTP paths when it follows imports', async () => {
    using files = protoFiles({
      'jobs.proto': `${HEADER}
        // import "no/such.proto";
        /* import "none/either.proto"; */
        message M { string parent = 1; }
        service S { rpc Do(M) returns (M) { option (google.api.http) = { get: "/v1/{parent=a/*}/b/*" }; } }`,
    });
    const { services } = await loadSchema({ files: [files.path('jobs.proto')] });
    expect(services).toHaveLength(1);
  });
});

describe('dynamic messages', () => {
  const metadataType = async () => {
    const schema = await loadSchema({ files: ['example/reports/v1/reports.proto'] });
    const method = findMethod(schema, 'example.reports.v1.Reports.ExportReport');
    if (!method) throw new Error('ExportReport is missing');
    return method.metadata;
  };
  const generated = ReportMetadata.fromPartial({ progressPercent: 20, createTime: new Date(5006) });

  it('have the wire format of generated code and spread like its messages', async () => {
    const type = await metadataType();
    const message = type.decode(ReportMetadata.encode(generated).finish());
    const changed = { ...message, cancelRequested: true };
    expect(ReportMetadata.decode(type.encode(changed).finish())).toEqual({
      ...generated,
      cancelRequested: true,
    });
  });

  it('drop unknown and unsuitable values from lenient JSON', async () => {
    const type = await metadataType();
    const message = type.fromJSON({ progressPercent: 20, createTime: 7, verb: 'export' });
    expect(type.toJSON(message)).toEqual({ progressPercent: 20 });
  });

  it('whose JSON is not an object become empty if lenient JSON does not fit', async () => {
    using files = protoFiles({
      'jobs.proto': `${HEADER} import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
        message M {} service S { rpc Do(M) returns (google.longrunning.Operation) { option (google.longrunning.operation_info) =
          { response_type: "google.protobuf.Int32Value" metadata_type: "google.protobuf.Timestamp" }; } }`,
    });
    const { methods } = await loadSchema({ files: [files.path('jobs.proto')] });
    for (const json of [{}, { createTime: '2030-01-01T00:00:00Z' }, [], true]) {
      expect(methods[0]?.metadata.fromJSON(json)).toMatchObject({ seconds: 0n, nanos: 0 });
      expect(methods[0]?.response.fromJSON(json)).toMatchObject({ value: 0 });
    }
  });

  it('reject bytes that are truncated anywhere', async () => {
    const type = await metadataType();
    const bytes = ReportMetadata.encode(generated).finish();
    const whole = new Set([0, 2, bytes.length]);
    for (let length = 0; length <= bytes.length; length++) {
      const decode = () => type.decode(bytes.subarray(0, length));
      if (whole.has(length)) expect(decode).not.toThrow();
      else expect(decode).toThrow();
    }
  });
});
