import { beforeAll, describe, expect, it } from '@jest/globals';
import { pack } from '../../src/core/any.js';
import type { MessageType } from '../../src/core/operation-method.js';
import { checkFilter } from '../../src/filter/check.js';
import { evaluate, type FilteredOperation } from '../../src/filter/evaluate.js';
import { dynamicCodec, generatedCodec } from './job-codecs.js';

/** ProtoJSON of metadata with every field set. */
const FULL = {
  title: 'Nightly "build"',
  progress: 40,
  size: '9007199254740991',
  ratio: 0.25,
  paused: true,
  digest: 'AQID',
  state: 'RUNNING',
  nextState: 'STATE_UNSPECIFIED',
  limit: 0,
  tags: ['red', 'green'],
  pastStates: ['WAITING', 'RUNNING'],
  labels: { env: 'prod', 'a.b': 'x', empty: '' },
  stagesByNumber: { 7: { displayName: 'seven', count: 7 } },
  stages: [{ displayName: 'one', count: 1, state: 'RUNNING' }, { displayName: 'two' }],
  stage: { displayName: 'now', parent: { parent: { count: 3 } } },
  dueTime: '2030-01-31T12:00:00.500Z',
  elapsed: '90.5s',
  extra: { list: ['a', [5]], depth: 3, deep: { flag: true, word: 'go' }, text: '3' },
  quota: '0',
  mask: 'title,progress',
  anything: 'some',
  uri: 'http://x/y',
  statesByFlag: { true: 'RUNNING' },
  counts: { a: '5', b: '0' },
  dueTimes: ['2030-01-01T00:00:00Z', '2031-01-01T00:00:00Z'],
};

const MATCHES_FULL = [
  'metadata.title = "Nightly \\"build\\""',
  'metadata.title = "Night*" AND metadata.title = "*build\\"" AND metadata.title = "*ly*"',
  'metadata.title = "*"',
  'metadata.title != nightly',
  'metadata.title > "Nightlx"',
  'metadata.progress >= 40 AND metadata.progress < 40.5 AND metadata.progress = 4e1',
  'metadata.size = 9007199254740991 AND metadata.size > 9007199254740990',
  'metadata.ratio = .25',
  'metadata.paused = true',
  'metadata.digest = AQID',
  'metadata.state = RUNNING AND metadata.state != WAITING AND metadata.state != STATE_UNSPECIFIED',
  'metadata.next_state = STATE_UNSPECIFIED AND metadata.nextState:*',
  'metadata.limit = 0 AND metadata.limit:*',
  'metadata.tags:red AND metadata.tags:(red AND green) AND NOT metadata.tags:blue',
  'metadata.tags:"gre*"',
  'metadata.tags:*',
  'metadata.past_states:WAITING',
  'metadata.labels:env AND metadata.labels.env:* AND metadata.labels.env:prod AND metadata.labels.env = prod',
  'metadata.labels."a.b" = x AND metadata.labels.empty = "" AND metadata.labels:empty',
  'NOT metadata.labels:none AND NOT metadata.labels.none = "" AND NOT metadata.labels.none != ""',
  'metadata.stages_by_number.7.count = 7 AND metadata.stages_by_number:7',
  'metadata.stages.display_name:two AND metadata.stages.count:0 AND metadata.stages.state:RUNNING',
  'metadata.stages.displayName:* AND NOT metadata.stages.parent:*',
  'metadata.stage.parent.parent.count = 3 AND metadata.stage.parent.count = 0 AND metadata.stage:parent',
  'NOT metadata.stage.parent.parent.parent.count = 0',
  'metadata.due_time > "2030-01-31T12:00:00.499999999Z" AND metadata.due_time = 2030-01-31T13:00:00.5+01:00',
  'metadata.elapsed > 90s AND metadata.elapsed = 90.5s AND metadata.elapsed < "91s"',
  'metadata.extra.depth = 3 AND metadata.extra.deep.flag = true AND metadata.extra.deep.word = "g*"',
  'metadata.extra.text = 3 AND metadata.extra:deep AND metadata.extra.deep:flag AND metadata.extra.depth:3',
  'metadata.extra.list:a AND metadata.extra.list:5 AND NOT metadata.extra.list = a AND NOT metadata.extra.none != 1',
  'metadata.quota = 0 AND metadata.quota:*',
  'metadata.mask = "title,progress"',
  'metadata.anything = some',
  'metadata.uri = "http://*" AND NOT metadata.generated:*',
  'metadata.states_by_flag.true = RUNNING',
  'metadata.counts.a > 4 AND metadata.counts.b = 0',
  'metadata.due_times:2031-01-01T00:00:00Z',
];

const MATCHES_EMPTY = [
  'metadata.title = "" AND metadata.title != x AND NOT metadata.title:*',
  'metadata.progress = 0 AND metadata.size = 0 AND metadata.ratio < 1 AND metadata.paused = false',
  'metadata.state = STATE_UNSPECIFIED AND metadata.state != RUNNING AND NOT metadata.state = RUNNING',
  '-metadata.next_state = STATE_UNSPECIFIED -metadata.next_state != RUNNING -metadata.next_state:*',
  '-metadata.limit = 0 -metadata.limit != 1 -metadata.quota = 0 -metadata.quota != 1 -metadata.uri = ""',
  '-metadata.tags:* -metadata.tags:"*" -metadata.labels:* -metadata.labels:env -metadata.extra:*',
  '-metadata.stage.count = 0 -metadata.stage.count != 0 -metadata.stage:* -metadata.stage.state != RUNNING',
  '-metadata.due_time < 2030-01-31T12:00:00Z -metadata.due_time != 2030-01-31T12:00:00Z -metadata.elapsed < 1s',
];

const REFUSED: readonly (readonly [filter: string, column: number, advice: RegExp])[] = [
  ['metadata.titel = x', 10, /did you mean title\?/],
  ['metadata.stages.dsplay_name:x', 17, /"metadata.stages" has no such field; did you mean display_name\?/],
  ['metadata.title.x = x', 16, /"metadata.title" has no such field/],
  ['metadata.stages.0.count:1', 17, /no such field/],
  ['metadata.stage:colour', 16, /"metadata.stage" has no such field/],
  ['metadata.progress = many', 21, /not a number/],
  ['metadata.paused = 1', 19, /true or false/],
  ['metadata.paused > false', 17, /no order/],
  ['metadata.state = RUNING', 18, /no such value; write one of RUNNING, WAITING/],
  ['metadata.next_state = RUNNING*', 23, /no such value/],
  ['metadata.past_states:GONE', 22, /no such value/],
  ['metadata.state >= RUNNING', 16, /no order/],
  ['metadata.tags = red', 15, /repeated; use ":"/],
  ['metadata.stages.count > 1', 23, /repeated; use ":"/],
  ['metadata.labels = prod', 17, /a map/],
  ['metadata.stage != x', 16, /a message/],
  ['metadata.due_time > 5', 21, /RFC 3339/],
  ['metadata.due_time > 2030-02-30T00:00:00Z', 21, /RFC 3339/],
  ['metadata.elapsed > 5', 20, /1\.5s/],
  ['metadata.progress = 4*', 21, /no wildcards/],
  ['metadata.title > "a*"', 16, /a wildcard has no order/],
  ['metadata.title = "a*b"', 18, /at the ends only/],
];

const CODECS: readonly (readonly [name: string, make: () => Promise<MessageType<unknown>>])[] = [
  ['made of a descriptor', dynamicCodec],
  ['generated by ts-proto', () => generatedCodec('removeEnumPrefix=true')],
  ['generated with text for enums and 64 bits', () => generatedCodec('stringEnums=true,forceLong=string')],
  ['generated with bigint, null and no Date', () => generatedCodec('forceLong=bigint,useDate=false')],
];

describe.each(CODECS)('fields of metadata, by a codec %s', (_, make) => {
  let codec: MessageType<unknown>;
  let encoder: MessageType<unknown>;
  beforeAll(async () => {
    codec = await make();
    // For example, ts-proto does not read the ProtoJSON of a Duration.
    encoder = await dynamicCodec();
  });

  const matches = (filter: string, json: object) => {
    const where = checkFilter(filter, { metadata: [codec], response: [] });
    if (!where) throw new Error('the filter is empty');
    return evaluate(where, operationWith(pack(encoder, encoder.fromJSON(json))));
  };

  it.each(MATCHES_FULL)('%s (contract 29)', (filter) => {
    expect(matches(filter, FULL)).toBe(true);
    expect(matches(`NOT (${filter})`, FULL)).toBe(false);
  });

  it.each(MATCHES_EMPTY)('matches the empty message: %s (contract 29)', (filter) => {
    expect(matches(filter, {})).toBe(true);
  });

  it.each(REFUSED)('rejects %s (contract 29)', (filter, column, advice) => {
    expect(() => matches(filter, {})).toThrow(advice);
    expect(() => matches(filter, {})).toThrow(`filter is wrong at column ${column}, `);
  });

  it('a malformed message or one of unknown type matches nothing (contract 29)', () => {
    const where = checkFilter('metadata.progress >= 0 OR metadata.progress < 0', {
      metadata: [codec],
      response: [],
    });
    const typeUrl = `type.googleapis.com/${codec.$type}`;
    for (const metadata of [
      undefined,
      { typeUrl, value: new Uint8Array([0xff]) },
      { typeUrl: `${typeUrl}s`, value: new Uint8Array() },
      { typeUrl: '', value: new Uint8Array() },
    ]) {
      expect(where && evaluate(where, operationWith(metadata))).toBe(false);
    }
  });
});

function operationWith(metadata: FilteredOperation['metadata']): FilteredOperation {
  return { name: 'operations/1', createTime: 0, metadata };
}
