import type { JsonValue } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { loadSchema, type Schema } from '../../src/schema/index.js';
import { mergeJson } from '../../src/testing/faking/proto-json.js';
import { protoFiles } from '../schema/proto-files.js';

let schema: Schema;
beforeAll(async () => {
  using files = protoFiles({
    'm.proto': `syntax = "proto3"; package acme; import "google/protobuf/timestamp.proto";
      message M {
        M inner = 1; int32 row_count = 2; repeated M list = 3; map<string, M> by_key = 4; map<string, int32> counts = 5;
        google.protobuf.Timestamp at = 6; oneof choice { M a = 7; string b = 8; }
      }`,
  });
  schema = await loadSchema({ files: [files.path('m.proto')] });
});

describe('mergeJson', () => {
  const cases: [string, JsonValue, JsonValue, JsonValue][] = [
    ['leaves what the change does not name', { rowCount: 1 }, {}, { rowCount: 1 }],
    ['sets what is not there', {}, { inner: { rowCount: 1 } }, { inner: { rowCount: 1 } }],
    [
      'goes into messages, however deep',
      { inner: { rowCount: 1, inner: { rowCount: 2, counts: { x: 1 } } } },
      { inner: { inner: { rowCount: 0 } } },
      { inner: { rowCount: 1, inner: { rowCount: 0, counts: { x: 1 } } } },
    ],
    [
      'goes into maps and the messages in them',
      { counts: { x: 1, y: 2 }, byKey: { k: { rowCount: 1 } } },
      { counts: { y: 3 }, byKey: { k: { counts: { z: 1 } }, l: {} } },
      { counts: { x: 1, y: 3 }, byKey: { k: { rowCount: 1, counts: { z: 1 } }, l: {} } },
    ],
    ['replaces lists', { list: [{ rowCount: 1 }, {}] }, { list: [{}] }, { list: [{}] }],
    [
      'replaces types that have a JSON form of their own',
      { at: '2030-01-01T00:00:00Z' },
      { at: '2031-01-01T00:00:00Z' },
      { at: '2031-01-01T00:00:00Z' },
    ],
    ['knows a field by both of its names', { row_count: 1 }, { rowCount: 2 }, { rowCount: 2 }],
    ['replaces what else is in a oneof', { a: { rowCount: 1 } }, { b: 'x' }, { b: 'x' }],
    [
      'goes into the same message of a oneof',
      { a: { rowCount: 1 } },
      { a: { counts: {} } },
      { a: { rowCount: 1, counts: {} } },
    ],
    ['clears by null', { inner: { rowCount: 1 } }, { inner: null }, { inner: null }],
  ];
  it.each(cases)('%s', (_, base, change, merged) => {
    const type = schema.registry.getMessage('acme.M');
    if (!type) throw new Error('acme.M is missing');
    expect(mergeJson(type, base, change)).toEqual(merged);
  });
});
