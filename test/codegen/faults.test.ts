import { clone } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { operationsPlugin } from '../../src/codegen/plugin.js';
import { compile, requestFor, type Workspace, workspace } from './buf.js';

const RETURNS = 'returns (google.longrunning.Operation)';
const WHOLE = info('response_type: "Request" metadata_type: "Metadata"');

function info(fields: string): string {
  return `{ option (google.longrunning.operation_info) = { ${fields} }; }`;
}

interface Fault {
  /** Content of the service, from line 8. */
  readonly methods: string;
  readonly at: string;
  readonly method?: string;
  readonly says: string;
}

/** By file name, which is also the name of the package. */
const FAULTS: Readonly<Record<string, Fault>> = {
  no_operation_info: {
    methods: `rpc Make(Request) ${RETURNS};`,
    at: '8:1',
    says:
      'returns google.longrunning.Operation without operation_info: add option ' +
      '(google.longrunning.operation_info) = { response_type: "..." metadata_type: "..." } to it',
  },
  no_response_type: {
    methods: `rpc Make(Request) ${RETURNS}\n${info('metadata_type: "Metadata"')}`,
    at: '9:10',
    says: 'has operation_info without response_type: name a message, google.protobuf.Empty if there is nothing to tell',
  },
  no_metadata_type: {
    methods: `rpc Make(Request) ${RETURNS}\n${info('response_type: "Request"')}`,
    at: '9:10',
    says: 'has operation_info without metadata_type: name a message, google.protobuf.Empty if there is nothing to tell',
  },
  unknown_type: {
    methods: `rpc Make(Request) ${RETURNS}\n${info('response_type: "Request" metadata_type: "Metdata"')}`,
    at: '9:75',
    says:
      'has operation_info with metadata_type "Metdata", which is not a known message (did you mean Metadata?): name a ' +
      'message of this package or the full name of another, and import its file',
  },
  enum_for_a_type: {
    methods: `rpc Make(Request) ${RETURNS}\n${info('response_type: "Color" metadata_type: "Metadata"')}`,
    at: '9:50',
    says: 'has operation_info with response_type "Color", which is not a known message',
  },
  stream_of_operations: {
    methods: `rpc Make(Request) returns (stream google.longrunning.Operation) ${WHOLE}`,
    at: '8:1',
    says:
      'has a stream of google.longrunning.Operation: a method that starts an operation takes one request and ' +
      'returns one operation; remove "stream"',
  },
  stream_of_requests: {
    methods: `rpc Make(stream Request) ${RETURNS} ${WHOLE}`,
    at: '8:1',
    says: 'has a stream of requests: ',
  },
  two_of_one_name: {
    methods: `rpc MakeIt(Request) ${RETURNS} ${WHOLE}\nrpc make_it(Request) ${RETURNS} ${WHOLE}`,
    at: '9:1',
    method: 'make_it',
    says: 'is called makeIt, as MakeIt is: rename one of them',
  },
};

function protoOf(packageName: string, methods: string): string {
  return `syntax = "proto3";
package ${packageName};
import "google/longrunning/operations.proto";
message Request {}
message Metadata {}
enum Color { COLOR_UNSPECIFIED = 0; }
service Things {
${methods}
}`;
}

describe('protoc-gen-longrunning: errors in protos', () => {
  const plugin = operationsPlugin('0.0.0');
  const protos = Object.entries(FAULTS).map(([name, { methods }]) => [
    `${name}.proto`,
    protoOf(name, methods),
  ]);
  const files = {
    ...Object.fromEntries(protos),
    'taken.proto': protoOf('taken', `rpc Make(Request) ${RETURNS} ${WHOLE}`),
    'taken.operations.proto': 'syntax = "proto3"; package taken.by_another;',
  };
  let at: Workspace;
  let descriptors: FileDescriptorSet;
  beforeAll(() => {
    at = workspace(files);
    descriptors = compile(at.dir, Object.keys(files));
  });
  afterAll(() => at[Symbol.dispose]());

  const errorIn = (...names: string[]) => plugin.run(requestFor(descriptors, names)).error;

  it.each(Object.entries(FAULTS))('%s: reported with position and fix', (name, fault) => {
    const { at: place, method = 'Make', says } = fault;
    expect(errorIn(`${name}.proto`)).toContain(
      `${name}.proto:${place}: method ${name}.Things.${method} ${says}`,
    );
  });

  it('reports all errors at once, one per line', () => {
    expect(errorIn('no_response_type.proto', 'unknown_type.proto').split('\n')).toHaveLength(2);
  });

  it('rejects a file whose ts-proto output collides with the operations of another', () => {
    expect(errorIn('taken.proto')).toBe(
      'taken.proto: its operations would be written where ts-proto writes taken.operations.proto: rename that file',
    );
  });

  it('reports the file if the request has no source locations', () => {
    const bare = clone(FileDescriptorSetSchema, descriptors);
    for (const file of bare.file) delete file.sourceCodeInfo;
    const { error } = plugin.run(requestFor(bare, ['no_operation_info.proto']));
    expect(error).toMatch(/^no_operation_info\.proto: method /);
  });
});
