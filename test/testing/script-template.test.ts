import { describe, expect, it } from '@jest/globals';
import { loadSchema } from '../../src/schema/load-schema.js';
import type { Schema } from '../../src/schema/schema.js';
import { parseScript } from '../../src/testing/script/script.js';
import { scriptTemplate } from '../../src/testing/script/script-template.js';
import { GKE_PROTOS, protoFiles, SPEECH_PROTOS } from '../schema/proto-files.js';

const gke = (file: string) =>
  loadSchema({ files: [`google/cloud/gkemulticloud/v1/${file}`], includeDirs: [GKE_PROTOS] });

/** Types of every kind of field, and methods with incomplete annotations. */
async function odd(): Promise<Schema> {
  using files = protoFiles({
    'odd.proto': `syntax = "proto3"; package odd;
      import "google/longrunning/operations.proto"; import "google/protobuf/timestamp.proto";
      import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto";
      enum One { ONLY = 0; }
      message Node { Node child = 1; repeated Node children = 2; map<string, Node> by_name = 3; string label = 4; }
      message Kinds {
        bytes data = 1; sfixed64 big = 2; float ratio = 3; One one = 4; google.protobuf.Timestamp at = 5;
        oneof choice { string left = 6; int32 right = 7; } google.protobuf.StringValue text = 8;
        optional bool sure = 9; repeated google.protobuf.Value values = 10; uint32 percent_done = 11;
      }
      service Odd {
        rpc Run(Node) returns (google.longrunning.Operation) {
          option (google.longrunning.operation_info) = { response_type: "Node" metadata_type: "Kinds" };
        }
        rpc Twist(Node) returns (google.longrunning.Operation) {
          option (google.longrunning.operation_info) = { response_type: "Kinds" metadata_type: "google.protobuf.Struct" };
        }
        rpc Bare(Node) returns (google.longrunning.Operation);
        rpc Ask(Node) returns (Kinds);
        rpc Follow(Node) returns (stream Kinds);
      }`,
  });
  return await loadSchema({ files: [files.path('odd.proto')] });
}

const SCHEMAS: [string, () => Promise<Schema>][] = [
  ['the example service', () => loadSchema({ files: ['example/reports/v1/reports.proto'] })],
  ['attached clusters', () => gke('attached_service.proto')],
  ['AWS clusters', () => gke('aws_service.proto')],
  ['Azure clusters', () => gke('azure_service.proto')],
  [
    'Speech-to-Text',
    () => loadSchema({ files: ['google/cloud/speech/v1/cloud_speech.proto'], includeDirs: [SPEECH_PROTOS] }),
  ],
  ['every kind of field', odd],
];

const COMMENTED = /^( *)#(?=\S)/;

describe.each(SCHEMAS)('scriptTemplate › %s', (_, load) => {
  it('contains every method that starts operations, and loads unchanged, with any setting, and with all settings', async () => {
    const schema = await load();
    const parse = (text: string) => parseScript(text, { file: 'template.yaml', schema });
    const text = scriptTemplate(schema);
    const script = parse(text);
    expect([...script.methods.keys()]).toEqual(schema.methods.map(({ name }) => name));
    for (const method of script.methods.values()) expect(method).toEqual(script.default);
    expect(script.faults).toEqual([]);

    const lines = text.split('\n');
    const settings = lines.flatMap((line, index) => (COMMENTED.test(line) ? [index] : []));
    expect(settings.length).toBeGreaterThan(schema.methods.length * 2);
    for (const index of settings) {
      const one = lines.map((line, at) => (at === index ? line.replace(COMMENTED, '$1') : line)).join('\n');
      expect(() => parse(one)).not.toThrow();
    }
    const all = parse(lines.map((line) => line.replace(COMMENTED, '$1')).join('\n'));
    expect(all.faults).toHaveLength(13);
    for (const method of all.methods.values()) expect(method).toMatchObject({ durationMs: 2000 });
  });
});

describe('scriptTemplate', () => {
  it('shows the settings of a method with its field names', async () => {
    const text = scriptTemplate(await odd());
    expect(text).toContain('    #steps: [ { atMs: 500, metadata: { percentDone: 50 } } ]\n');
    expect(text).toContain('    # odd.Node: child, children, byName, label; default: an empty one\n');
    expect(text).toMatch(/^ {2}odd\.Odd\.Bare:(?:\n {4}#.*)*\n {4}# method odd\.Odd\.Bare .*operation_info/m);
    expect(text).toMatch(/^ {2}#odd\.Odd\.Ask: \{ response: \{ data: \S+, big: "1", ratio: 1 \} \}$/m);
    expect(text).not.toContain('Follow');
  });
});
