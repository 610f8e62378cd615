import { describe, expect, it, jest } from '@jest/globals';
import { Code, StatusError } from 'longrunning';
import { failureOf, UsageError } from '../../src/cli/output/failure.js';
import { FAULTY_SCRIPT, JOBS_PROTO, Running, run, Serving } from './command-line.js';

// Some commands are separate processes, which are slow on a busy machine.
jest.setTimeout(300_000);

describe('help', () => {
  it('documents the exit codes and the sources of the address', async () => {
    const { code, stdout } = await run(['get', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('LONGRUNNING_ADDRESS');
    expect(stdout).toContain('localhost:50051');
    for (const exitCode of [0, 1, 2, 3, 4, 5, 6])
      expect(stdout).toMatch(new RegExp(`^ {2}${exitCode} {2}\\S`, 'm'));
  });
});

describe('wrong usage › one line with advice, exit code 2', () => {
  it.each([
    [['gett'], "unknown command 'gett' (Did you mean get?): see longrunning --help"],
    [['get'], "missing required argument 'name'"],
    [['get', 'a', 'b'], 'too many arguments'],
    [['get', 'operations/a', '--verbose'], "unknown option '--verbose': see longrunning get --help"],
    [['wait', 'operations/a', '--timeout', '30'], 'Write it with its unit, as 500ms, 30s, 2m or 1h'],
    [['wait', 'operations/a', '--timeout', 'soon'], 'Write it with its unit, as 500ms, 30s, 2m or 1h'],
    [['watch', '--interval', '0'], 'Write it with its unit, as 500ms, 30s, 2m or 1h'],
    [['list', '--page-size', '0'], 'whole number, 1 or more'],
    [['get', 'operations/a', '--header', 'x-team'], 'Write it as name=value'],
    [['get', 'operations/a', '--header', 'x-trace-bin=a'], 'no name ends in "-bin"'],
    [['get', 'operations/a', '--ca', 'missing.pem'], 'the file of --ca cannot be read: '],
    [['get', 'operations/a', '--cert', 'own.pem'], 'give both, or neither'],
    [['get', 'operations/a', '--ca', 'ca.pem', '--insecure'], '--insecure uses no certificates'],
    [['get', 'operations/a', '--address', 'h:1', '--insecure', '--token', 't'], 'leave out --insecure'],
    [['get', 'operations/a', '--google'], '--google needs an API: add its endpoint'],
    [
      ['get', 'operations/a', '--google', '--address', 'h', '--token', 't'],
      "cannot be used with option '--token",
    ],
    [['get', 'operations/a', '--google', '--address', 'http://h'], 'address "http://h" is malformed'],
    [['get', 'operations/a', '--address', 'http://localhost'], 'address "http://localhost" is malformed'],
    [['get', 'operations/a', '--proto', 'missing.proto'], '"missing.proto" does not exist'],
    [['start', 'Reports/ExportReprot'], 'did you mean "Reports/ExportReport"?'],
    [
      ['start', 'Succeed', ...JOBS_PROTO],
      'name "test.jobs.v1.Jobs/Succeed" or "test.jobs.v1.OldJobs/Succeed"',
    ],
    [['start', 'Jobs/Describe', ...JOBS_PROTO], 'no known method that starts an operation'],
    [['start', 'Reports/ExportReport', '{"parent'], 'the request is no JSON'],
    [['start', 'Reports/ExportReport', '{"titel": "x"}'], 'titel'],
    [['start', 'Reports/ExportReport', '@/missing.json'], 'the request cannot be read'],
    [['serve', '--address', 'here'], 'address "here" is malformed'],
    [['serve', '--address', '127.0.0.1:99999'], 'address "127.0.0.1:99999" is malformed'],
    [
      ['serve', '--address', '127.0.0.1:0', '--grace', '-1'],
      'Write it with its unit, as 500ms, 30s, 2m or 1h',
    ],
    [['serve', '--address', '127.0.0.1:0', '--script', 'missing.yaml'], 'missing.yaml'],
    [
      ['serve', '--address', '127.0.0.1:0', '--watch'],
      '--watch has nothing to watch: name a script with --script',
    ],
    [
      ['serve', '--address', '127.0.0.1:0', '--record', '/missing/calls.jsonl'],
      'calls cannot be recorded: ENOENT',
    ],
    [['init-script', '--proto', 'missing.proto'], '"missing.proto" does not exist'],
    [['serve', '--store', 'disk'], 'store "disk" is unknown: write memory, sqlite:FILE'],
    [['serve', '--store', 'sqlite:'], 'store "sqlite:" is unknown'],
    [
      ['serve', '--store', 'memory', '--store-listen', 'postgres://h/d'],
      'store-listen is for PostgreSQL, and store is "memory": leave it out',
    ],
    [
      ['serve', '--store', 'postgres://h/d', '--store-listen', 'h:5432'],
      'store-listen "h:5432" is malformed: write postgres://USER:PASSWORD@HOST/DATABASE',
    ],
    [['serve', '--store', 'sqlite:/missing/ops.db'], 'does not exist: create "/missing" first'],
    [
      ['serve', '--address', '127.0.0.1:0', '--service-config', 'missing.yaml'],
      'service config cannot be read',
    ],
    [['serve', '--address', '127.0.0.1:0', '--http-address', 'here'], 'address "here" is malformed'],
    [['serve', '--rest-only', '--grpc-only'], "'--grpc-only' cannot be used with option '--rest-only'"],
    [['serve', '--grpc-only', '--http-address', '127.0.0.1:0'], "cannot be used with option '--http-address"],
    [
      ['serve', '--address', '127.0.0.1:0', '--proto', 'google/protobuf/empty.proto'],
      'returns google.longrunning',
    ],
  ])('%j', async (args, advice) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toContain(advice);
    expect(stderr).toMatch(/^longrunning: [^\n]+\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('an invalid script: a line per fault, with file, line and field', async () => {
    const { code, stderr } = await run([
      'serve',
      '--address',
      '127.0.0.1:0',
      ...JOBS_PROTO,
      '--script',
      FAULTY_SCRIPT,
    ]);
    const [first, second, ...rest] = stderr.trimEnd().split('\n');
    expect(first).toMatch(/^longrunning: \S*faulty\.yaml:3: .*durationMs/);
    expect(second).toMatch(/^longrunning: \S*faulty\.yaml:5: .*onCancle/);
    expect({ code, rest }).toEqual({ code: 2, rest: [] });
  });

  it('no command: help on standard error', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: longrunning');
  });

  it('a port in use', async () => {
    await using serving = await Serving.start();
    const { code, stdout, stderr } = await new Running(['serve', '--address', serving.address]).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^longrunning: cannot listen on "[\d.:]+": the port is in use: [^\n]+\n$/);
  });
});

describe('failureOf', () => {
  it.each([
    [new UsageError('no such file'), 2, 'longrunning: no such file'],
    [
      new StatusError(Code.UNAVAILABLE, 'down'),
      5,
      'longrunning: UNAVAILABLE: down: check that a server runs at h:1, or give another --address',
    ],
    ...[
      [
        'read:wrong version number:x.c:77: ',
        'server at h:1 speaks no TLS: leave out https://, or give --insecure',
      ],
      ['tlsv13 alert certificate required', 'server at h:1 asks who you are: give --cert and --key'],
      ["IP does not match certificate's altnames", 'name the server at h:1 as its certificate does'],
      ['self-signed certificate', 'name the authority that vouches for h:1 by --ca'],
      [
        'Failed to connect (2030)',
        'check that h:1 is a gRPC server; if it speaks TLS, write https:// before it',
      ],
    ].map(
      ([said = '', advice = '']) =>
        [
          new StatusError(Code.UNAVAILABLE, said),
          5,
          `longrunning: UNAVAILABLE: ${said.replace(/: $/, '')}: ${advice}`,
        ] as const,
    ),
    [
      new TypeError('x is\nundefined'),
      6,
      'longrunning: internal error: TypeError: x is undefined; report it',
    ],
    ['nothing', 6, 'longrunning: internal error: nothing; report it'],
  ])('%s: exit code %d, in one line', async (thrown, exitCode, text) => {
    expect(await failureOf(thrown, 'h:1')).toEqual({ exitCode, text });
  });
});

describe('Node.js older than `engines`', () => {
  it('prints one line, exit code 2', async () => {
    const pretend = 'Object.defineProperty(process.versions, "node", { value: "20.0.0" })';
    const nodeOptions = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`];
    expect(await new Running(['--version'], { nodeOptions }).ended).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: 'longrunning: Node.js 20.0.0 is too old: use Node.js 22.13 or newer\n',
    });
  });
});
