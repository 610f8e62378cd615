import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadRequest } from '../../generated/google/rpc/error_details.js';
import { loadSchema, type Schema } from '../../src/schema/index.js';
import { exampleService } from '../../src/testing/faking/example.js';
import { type Script, ScriptError } from '../../src/testing/index.js';
import { DEFAULT_SCRIPT, parseScript } from '../../src/testing/script/script.js';
import { fuzzRuns } from '../fuzz/fuzz-runs.js';
import { GKE_PROTOS, protoFiles } from '../schema/proto-files.js';

const CREATE = 'google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster';
let schema: Schema;
beforeAll(async () => {
  const files = ['google/cloud/gkemulticloud/v1/aws_service.proto'];
  schema = await loadSchema({ files, includeDirs: [GKE_PROTOS] });
});

const parse = (text: string) => parseScript(text, { file: 'script.yaml', schema });

/** Script of one method, whose settings begin on the third line. */
const script = (...lines: string[]) =>
  `methods:\n  ${CREATE}:\n${lines.map((line) => `    ${line}\n`).join('')}`;

/** Message of the ScriptError. */
function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ScriptError) return error.message;
    throw error;
  }
  throw new Error('the script was accepted');
}

describe('parseScript', () => {
  it('reads every setting of a method', () => {
    const { methods } = parse(
      script(
        'durationMs: 2000',
        'onCancel: { afterMs: 300 }',
        'onInterrupted: resume',
        'metadata: { verb: create, requested_cancellation: false }',
        'steps:',
        '  - { atMs: 900, metadata: { statusDetail: almost } }',
        '  - { atMs: 500, metadata: { statusDetail: "half way" } }',
        'response: { name: a, networking: { vpcId: v }, state: RUNNING }',
      ),
    );
    expect(methods.get(CREATE)).toMatchObject({
      durationMs: 2000,
      onCancel: { afterMs: 300 },
      onInterrupted: 'resume',
      metadata: { verb: 'create', requestedCancellation: false },
      steps: [
        { atMs: 500, metadata: { statusDetail: 'half way' } },
        { atMs: 900, metadata: { statusDetail: 'almost' } },
      ],
      ending: { type: 'response', response: { name: 'a', networking: { vpcId: 'v' }, state: 2 } },
    });
    // Contains only the scripted fields; the server adds the others.
    expect(Object.keys(methods.get(CREATE)?.metadata ?? {})).toEqual(['verb', 'requestedCancellation']);
  });

  it('reads errors with their details', () => {
    const { methods } = parse(
      script(
        'error:',
        '  code: FAILED_PRECONDITION',
        '  message: no room',
        '  details:',
        '    - "@type": type.googleapis.com/google.rpc.BadRequest',
        '      fieldViolations: [{ field: parent }]',
      ),
    );
    const ending = methods.get(CREATE)?.ending;
    if (ending?.type !== 'error') throw new Error('it ends with an error');
    expect(ending.error).toMatchObject({ code: 9, message: 'no room' });
    expect(ending.error.detail(BadRequest)?.fieldViolations[0]?.field).toBe('parent');
  });

  it('takes omitted settings of a method from default, then from the built-in defaults', () => {
    const { methods, default: base } = parse(
      `${script('onCancel: ignore')}default: { durationMs: 7, onCancel: unimplemented }`,
    );
    expect(methods.get(CREATE)).toEqual({ ...DEFAULT_SCRIPT.default, durationMs: 7, onCancel: 'ignore' });
    expect(base).toEqual({ ...DEFAULT_SCRIPT.default, durationMs: 7, onCancel: 'unimplemented' });
    for (const empty of ['', '# nothing', '{}']) expect(parse(empty)).toEqual(DEFAULT_SCRIPT);
  });

  it('treats empty values, as left by commenting out, as omitted', () => {
    expect(parse('methods:\ndefault:\nfaults:\n')).toEqual(DEFAULT_SCRIPT);
    const { methods } = parse(script('# durationMs: 5'));
    expect(methods.get(CREATE)).toEqual(DEFAULT_SCRIPT.default);
    expect(parse(script('steps:')).methods.get(CREATE)?.steps).toEqual([]);
  });

  it('accepts method names with a slash, as in gRPC', () => {
    const { methods } = parse(`methods: { ${CREATE.replace(/\.(?=\w+$)/, '/')}: { durationMs: 5 } }`);
    expect([...methods.keys()]).toEqual([CREATE]);
  });

  it('has an example that matches its service', async () => {
    const example = await exampleService();
    expect(example.script.methods.get('example.reports.v1.Reports.ExportReport')).toMatchObject({
      durationMs: 5000,
      onCancel: 'honour',
      steps: [20, 40, 60, 80].map((progressPercent) => ({ metadata: { progressPercent } })),
    });
    expect(example.script.methods.get('example.reports.v1.Reports.PurgeReports')?.onCancel).toBe(
      'unimplemented',
    );
  });
});

describe('parseScript rejects, with file, line and field', () => {
  const at = `methods.${CREATE}`;
  const inMethod: [string, string, string, RegExp][] = [
    [
      'an unknown field',
      'durationMS: 5',
      '.durationMS',
      /field "durationMS" is unknown: did you mean "durationMs"\?/,
    ],
    ['a negative time', 'durationMs: -5', '.durationMs', /"-5" is not a time: write whole milliseconds/],
    ['a fraction of a millisecond', 'durationMs: 1.5', '.durationMs', /"1.5" is not a time/],
    ['a time that is not a number', 'durationMs: soon', '.durationMs', /is not a time/],
    ['no value', 'durationMs:', '.durationMs', /"null" is not a time/],
    ['an unknown onCancel', 'onCancel: honor', '.onCancel', /did you mean "honour"\?/],
    ['a bad delay', 'onCancel: { afterMs: -1 }', '.onCancel.afterMs', /is not a time/],
    ['onCancel without its delay', 'onCancel: {}', '.onCancel', /afterMs is missing/],
    ['onCancel of the wrong type', 'onCancel: [ignore]', '.onCancel', /is unknown/],
    ['an unknown onInterrupted', 'onInterrupted: retry', '.onInterrupted', /is unknown: .*resume/],
    ['metadata of the wrong type', 'metadata: 5', '.metadata', /"5" does not fit .*OperationMetadata/],
    [
      'an unknown metadata field',
      'metadata: { vreb: x }',
      '.metadata.vreb',
      /unknown in .*OperationMetadata: did you mean "verb"\?/,
    ],
    [
      'a metadata value of the wrong type',
      'metadata: { verb: 5 }',
      '.metadata.verb',
      /"5" does not fit .*verb.*expected string/,
    ],
    ['a broken time in metadata', 'metadata: { createTime: now }', '.metadata.createTime', /RFC 3339/],
    [
      'steps that are not a list',
      'steps: { atMs: 5 }',
      '.steps',
      /is not a list: write each item after a "- "/,
    ],
    ['a step without its time', 'steps: [{ metadata: {} }]', '.steps[0]', /atMs is missing/],
    ['a step at a bad time', 'steps: [{ atMs: x }]', '.steps[0].atMs', /is not a time/],
    [
      'an unknown field of a step',
      'steps: [{ atMs: 1, meta: {} }]',
      '.steps[0].meta',
      /did you mean "metadata"\?/,
    ],
    ['bad metadata of a step', 'steps: [{ atMs: 1, metadata: { x: 1 } }]', '.steps[0].metadata.x', /unknown/],
    [
      'an unknown field deep in a response',
      'response: { networking: { vpcid: v } }',
      '.response.networking.vpcid',
      /did you mean "vpcId"\?/,
    ],
    ['an unknown enum value', 'response: { state: RUNING }', '.response.state', /RUNNING/],
    [
      'an invalid error code',
      'error: { code: NOT_FOND, message: x }',
      '.error.code',
      /did you mean "NOT_FOUND"\?/,
    ],
    ['an error with code OK', 'error: { code: OK, message: x }', '.error.code', /not an error code/],
    ['a code by number', 'error: { code: 5, message: x }', '.error.code', /not an error code/],
    ['an error without message', 'error: { code: ABORTED }', '.error', /message is missing/],
    ['an error without code', 'error: { message: x }', '.error', /code is missing/],
    ['an error that is a string', 'error: broken', '.error', /is not a map/],
    [
      'a detail of an unknown type',
      'error: { code: ABORTED, message: x, details: [{ "@type": a/b.C }] }',
      '.error.details[0]',
      /b\.C/,
    ],
  ];
  it.each(inMethod)('%s', (_, line, path, reason) => {
    const message = refusal(script('', line));
    expect(message.startsWith(`script.yaml:4: ${at}${path}: `)).toBe(true);
    expect(message).toMatch(reason);
    expect(message.split('\n')).toHaveLength(1);
  });

  const whole: [string, string, RegExp][] = [
    [
      'an unknown method',
      `methods:\n  ${CREATE}r: {}`,
      /^script.yaml:2: methods.*Createawsclusterr.*did you mean ".*CreateAwsCluster"\?$/i,
    ],
    [
      'a method that starts no operation, without an answer',
      'methods: { google.cloud.gkemulticloud.v1.AwsClusters.GetAwsCluster: {} }',
      /no answer: give response or error$/,
    ],
    ['a step of such a method', 'methods: { GetAwsCluster: { steps: [] } }', /steps: .*unknown/],
    ['a misspelled short name', 'methods: { CreateAwsClusters: {} }', /did you mean "CreateAwsCluster"\?$/],
    [
      'a fault of an unknown method',
      'faults: [{ method: GetOperations, code: ABORTED }]',
      /^script.yaml:1: faults\[0\]\.method: .*did you mean "GetOperation"\?$/,
    ],
    ['a fault of no code', 'faults: [{ code: UNAVAIL }]', /code: .*did you mean "UNAVAILABLE"\?$/],
    ['a fault that has no such effect', 'faults: [{ effect: hangs }]', /effect: .*did you mean "hang"\?$/],
    ['an unknown fault', 'faults: [waitsUnimplemented]', /did you mean "waitUnimplemented"\?/],
    ['a fault without consequence', 'faults: [{ times: 2 }]', /fault has no effect: give code, effect or/],
    ['a fault for no calls', 'faults: [{ code: ABORTED, times: 0 }]', /times: "0" is not a number of calls/],
    ['code and effect', 'faults: [{ code: ABORTED, effect: hang }]', /both code and effect/],
    ['a message without a code', 'faults: [{ message: x, delayMs: 1 }]', /code is missing/],
    [
      'answerEarly for a method other than WaitOperation',
      'faults: [{ method: GetOperation, effect: answerEarly }]',
      /only WaitOperation waits/,
    ],
    ['a method that is a word', `methods: { ${CREATE}: slow }`, /"slow" is not a map/],
    ['an unknown field at the top', 'method: {}', /^script.yaml:1: method: .*did you mean "methods"\?$/],
    [
      'both response and error',
      script('response: {}', 'error: { code: ABORTED, message: x }'),
      /^script.yaml:4: .*error: both/,
    ],
    ['method-specific settings in default', 'default: { response: {} }', /default\.response: .*unknown/],
    ['a list at the top', '- methods', /^script.yaml:1: .* is not a map/],
    ['broken YAML', 'methods: {\n', /^script.yaml:\d: .*; correct the YAML$/],
    ['a duplicate key', 'methods: {}\nmethods: {}', /^script.yaml:2: .*unique.*correct the YAML$/],
    [
      'an alias',
      'default: &a { durationMs: 1 }\nmethods: *a',
      /^script.yaml:2: methods: alias \*a is not supported/,
    ],
    [
      'a method named twice',
      `methods:\n  ${CREATE}: {}\n  ${CREATE.replace(/\.(?=\w+$)/, '/')}: { durationMs: 1 }`,
      /^script.yaml:3: .*CreateAwsCluster is named twice: keep one of them$/,
    ],
    [
      'a number that would be rounded',
      script('steps: [{ atMs: 1 }, { atMs: 9007199254740993 }]'),
      /^script.yaml:3: methods\..*\.steps\[1\]\.atMs: 9007199254740993 is too large .*: quote it$/,
    ],
    ['an unknown tag', 'default: !!js { durationMs: 1 }', /^script.yaml:1: .*tag/],
    ['two documents', 'default: {}\n---\ndefault: {}', /^script.yaml:\d: .*document/],
    ['a key that is not a name', 'default: { [a]: 1 }', /key is not a name/],
  ];
  it.each(whole)('%s', (_, text, reason) => {
    expect(refusal(text)).toMatch(reason);
  });

  it('broken syntax, with at most five errors', () => {
    const lines = refusal('['.repeat(300)).split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toMatch(/; correct the YAML$/);
  });

  it('types of a method whose operation_info is invalid', async () => {
    using files = protoFiles({
      'jobs.proto': `syntax = "proto3"; package acme; import "google/longrunning/operations.proto"; message M {}
        service S { rpc Do(M) returns (google.longrunning.Operation); }`,
    });
    const bare = await loadSchema({ files: [files.path('jobs.proto')] });
    const read = (fields: string) => () =>
      parseScript(`methods: { acme.S.Do: { ${fields} } }`, { file: 'script.yaml', schema: bare });
    expect(read('durationMs: 5')).not.toThrow();
    expect(read('metadata: {}')).toThrow(/acme\.S\.Do\.metadata: method acme\.S\.Do .*: add option/);
    expect(read('response: {}')).toThrow(/acme\.S\.Do\.response: method acme\.S\.Do .*: add option/);
  });

  it('all errors, in the order of the file', () => {
    const message = refusal(
      `default: { onCancel: never }\n${script('durationMs: -1', 'metadata: { verb: 1, target: 2 }', 'steps: [5]')}`,
    );
    expect(message.split('\n').map((line) => line.split(': ', 2).join(' '))).toEqual([
      'script.yaml:1 default.onCancel',
      `script.yaml:4 ${at}.durationMs`,
      `script.yaml:5 ${at}.metadata.verb`,
      `script.yaml:5 ${at}.metadata.target`,
      `script.yaml:6 ${at}.steps[0]`,
    ]);
  });

  it('objects like the same YAML, with the same errors except for lines', () => {
    const outcomeOf = (given: string | Script) => {
      try {
        return parseScript(given, { file: 'script', schema });
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        return new Set(error.faults.map(({ path, reason }) => `${path}: ${reason}`));
      }
    };
    const field = fc.constantFrom(
      'metadata',
      'steps',
      'response',
      'error',
      'onCancel',
      'durationMs',
      'other',
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.integer({ min: 0, max: 5000 }),
      fc.constantFrom(2 ** 53, -(2 ** 60), 1e21, { verb: 'create' }, [{ atMs: 2 ** 53 }], 'ignore'),
    );
    fc.assert(
      fc.property(fc.dictionary(field, value), (method) => {
        const source = { methods: { [CREATE]: method } } as Script;
        expect(outcomeOf(source)).toEqual(outcomeOf(JSON.stringify(source)));
      }),
      fuzzRuns(500),
    );
  });

  it('any other value with a ScriptError', () => {
    const word = fc.constantFrom(
      'methods',
      CREATE,
      'steps',
      'metadata',
      'onCancel',
      'error',
      'atMs',
      '*a',
      '&a',
      '!!x',
    );
    const piece = fc.oneof(
      word,
      fc.constantFrom(': ', '\n', '  ', '- ', '{', '}', '[', ']', ',', '"', '#', '---\n'),
      fc.string(),
    );
    const value = fc
      .jsonValue()
      .map((json) => script(`metadata: ${JSON.stringify(json)}`, `steps: ${JSON.stringify(json)}`));
    const text = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      value,
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          parse(given);
        } catch (error) {
          expect(error).toBeInstanceOf(ScriptError);
        }
      }),
      fuzzRuns(500),
    );
    expect(refusal('['.repeat(20_000))).toMatch(/^script.yaml:\d+: /);
  });
});
