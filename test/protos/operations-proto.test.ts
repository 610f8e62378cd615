import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  type JsonObject,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = resolve(__dirname, '../..');
const FILE = 'google/longrunning/operations.proto';

/** Returns a proto file as plain data: the whole descriptor including options, without comments. */
interface FileData extends JsonObject {
  readonly service: ServiceData[];
}
interface ServiceData extends JsonObject {
  readonly name: string;
  readonly method: MethodData[];
}
interface MethodData extends JsonObject {
  readonly name: string;
  readonly options: { readonly '[google.api.http]'?: JsonObject };
}

function readDescriptors(path: string): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
}

function fileData(registry: FileRegistry, path: string): FileData {
  const file = registry.getFile(path);
  if (!file) throw new Error(`no ${path} among the descriptors`);
  const { sourceCodeInfo: _comments, ...proto } = file.proto;
  return toJson(FileDescriptorProtoSchema, proto as typeof file.proto, { registry }) as FileData;
}

/** Returns the file without its HTTP rules, the only intended difference. */
function withoutHttp(file: FileData): JsonObject {
  const bare = structuredClone(file) as { service: { method: { options?: Record<string, unknown> }[] }[] };
  for (const { method } of bare.service) {
    for (const { options } of method) delete options?.['[google.api.http]'];
  }
  return bare as unknown as JsonObject;
}

function httpRules(file: FileData): Record<string, JsonObject | undefined> {
  const methods = file.service.flatMap(({ method }) => method);
  return Object.fromEntries(methods.map(({ name, options }) => [name, options['[google.api.http]']]));
}

const ours = readDescriptors(join(ROOT, 'generated/descriptors.binpb'));

describe('operations.proto', () => {
  let scratch = '';
  let published: FileRegistry;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'operations-proto-'));
    const set = join(scratch, 'published.binpb');
    // Runs in the folder of the published protos, because the workspace of this project includes only some of
    // them.
    execFileSync(
      join(ROOT, 'node_modules/.bin/buf'),
      ['build', '.', '--config', '{"version":"v1"}', '--path', FILE, '-o', set],
      { cwd: join(ROOT, 'node_modules/google-gax/build/protos') },
    );
    published = readDescriptors(set);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('equals the file of google-gax except for HTTP rules and comments', () => {
    expect(withoutHttp(fileData(ours, FILE))).toEqual(withoutHttp(fileData(published, FILE)));
  });

  it('is compared by names, numbers, JSON names, oneofs, options and the extension', () => {
    const text = JSON.stringify(withoutHttp(fileData(ours, FILE)));
    for (const part of ['"number":1049', '"jsonName":"pageToken"', '"oneofIndex":0', '"goPackage"']) {
      expect(text).toContain(part);
    }
    for (const option of ['method_signature', 'default_host', 'field_behavior']) {
      expect(text).toContain(`"[google.api.${option}]"`);
    }
  });

  it('keeps every published HTTP rule as an additional binding', () => {
    const rules = httpRules(fileData(ours, FILE));
    for (const [method, rule] of Object.entries(httpRules(fileData(published, FILE)))) {
      if (rule) expect(rules[method]).toMatchObject({ additionalBindings: [rule] });
    }
  });

  it('has the HTTP rules of the GKE Multi-Cloud API as main bindings', () => {
    const name = '{name=projects/*/locations/*/operations/*}';
    const mains = Object.entries(httpRules(fileData(ours, FILE))).map(([method, rule]) => {
      const { additionalBindings: _others, ...main } = rule ?? {};
      return [method, main];
    });
    expect(Object.fromEntries(mains)).toEqual({
      ListOperations: { get: '/v1/{name=projects/*/locations/*}/operations' },
      GetOperation: { get: `/v1/${name}` },
      DeleteOperation: { delete: `/v1/${name}` },
      CancelOperation: { post: `/v1/${name}:cancel`, body: '*' },
      WaitOperation: { post: `/v1/${name}:wait`, body: '*' },
    });
  });
});

describe('reports.proto', () => {
  const file = fileData(ours, 'example/reports/v1/reports.proto');

  it('has two methods that return Operation, each with operation_info and an HTTP rule', () => {
    const [service] = file.service;
    expect(service?.name).toBe('Reports');
    expect(service?.method).toHaveLength(2);
    for (const method of service?.method ?? []) {
      expect(method).toMatchObject({
        outputType: '.google.longrunning.Operation',
        options: {
          '[google.api.http]': { body: '*' },
          '[google.longrunning.operation_info]': { metadataType: 'ReportMetadata' },
        },
      });
    }
    expect(service?.method.map(({ name }) => name)).toContain('ExportReport');
  });

  it('has a metadata message with progress, the cancel request and both times', () => {
    const metadata = ours.getMessage('example.reports.v1.ReportMetadata');
    expect(metadata?.fields.map(({ name }) => name)).toEqual([
      'progress_percent',
      'cancel_requested',
      'create_time',
      'end_time',
    ]);
  });
});
