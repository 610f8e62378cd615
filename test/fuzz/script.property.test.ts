import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Schema } from '../../src/schema/schema.js';
import { ScriptError } from '../../src/testing/index.js';
import { parseScript } from '../../src/testing/script/script.js';
import { fuzzRuns } from './fuzz-runs.js';
import { attachedClusters } from './served-apis.js';

jest.setTimeout(300_000);

const METHOD = 'google.cloud.gkemulticloud.v1.AttachedClusters.CreateAttachedCluster';

const key = fc.constantFrom(
  ...['methods', 'default', 'faults', METHOD, 'CreateAttachedCluster', 'Reports.Nothing', '__proto__'],
  ...['durationMs', 'onCancel', 'afterMs', 'onInterrupted', 'metadata', 'steps', 'atMs', 'response', 'error'],
  ...['code', 'message', 'details', '@type', 'method', 'name', 'effect', 'delayMs', 'times', ''],
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    'honour',
    'ignore',
    'resume',
    'UNAVAILABLE',
    'GetOperation',
    'hang',
    'stale',
    null,
  ),
  fc.constantFrom<unknown>(0, -1, 1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, true, 10n ** 30n),
  fc.constantFrom<unknown>('type.googleapis.com/google.rpc.RetryInfo', 'type.googleapis.com/no.Such', '1.5s'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

const noise = fc.constantFrom(
  ...[
    'methods:',
    '\n',
    '  ',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a',
    '*a',
    '<<: *a',
    '!!js/function',
  ],
  ...['!!binary ', '%YAML 1.1', '---', '...', '|', '>', '#', '?', 'default', '\t', '\u0000', '\ud800', '~'],
);

/** Returns anything thrown other than a ScriptError that names the file. */
function surprise(text: string, schema: Schema): unknown {
  try {
    parseScript(text, { file: 'script.yaml', schema });
    return undefined;
  } catch (error) {
    return error instanceof ScriptError && error.message.includes('script.yaml') ? undefined : error;
  }
}

describe('a script › whatever is written in it', () => {
  let schema: Schema;
  beforeAll(async () => {
    schema = await attachedClusters();
  });

  it('is taken, or refused with the place of what is wrong', () => {
    const written = value.map((object) => stringify(object));
    const text = fc.oneof(
      written,
      fc.array(noise, { maxLength: 30 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .tuple(written, noise, fc.nat(300))
        .map(([yaml, put, at]) => yaml.slice(0, at) + put + yaml.slice(at)),
    );
    fc.assert(
      fc.property(text, (yaml) => {
        expect(surprise(yaml, schema)).toBeUndefined();
      }),
      fuzzRuns(2000),
    );
    expect(Object.hasOwn(Object.prototype, 'durationMs')).toBe(false);
  });

  it.each([
    ['aliases that multiply', bomb()],
    ['10,000 brackets', '['.repeat(10_000)],
    ['keys 1,000 deep', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['an alias of itself', 'methods: &a { x: *a }'],
  ])('%s: refused', (_, yaml) => {
    expect(surprise(yaml, schema)).toBeUndefined();
    expect(() => parseScript(yaml, { file: 'script.yaml', schema })).toThrow(ScriptError);
  });
});

/** Ten levels of lists, each with ten references to the previous one: ten billion items. */
function bomb(): string {
  const lists = Array.from({ length: 10 }, (_, at) => {
    const items =
      at === 0
        ? '1'
        : Array(10)
            .fill(`*l${at - 1}`)
            .join(', ');
    return `l${at}: &l${at} [${items}]`;
  });
  return `${lists.join('\n')}\nmethods: *l9\n`;
}
