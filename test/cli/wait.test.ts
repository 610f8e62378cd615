import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Code, StatusError } from 'longrunning';
import { PARENT, type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { systemClock } from '../../src/core/clock.js';
import { Command, JOBS_PROTO, JOBS_SCRIPT, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// One server is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

/** Standard error is a terminal. */
const TERMINAL = { columns: 100 };

/** Escape sequence that removes a bar from a terminal. */
const CLEARED = '\u001b8\u001b[1G\u001b[2K';

let server: ReportsServer;

/** Running operation that the test controls. */
async function working() {
  const { name } = await server.inProcess.exportReport();
  const { context, succeed, fail } = await server.exports.on(name);
  return { name, update: context.update, succeed, fail };
}

const wait = (name: string, ...args: string[]) =>
  new Command(['wait', name, ...args], { address: server.address });

const waitAtTerminal = (name: string, ...args: string[]) =>
  new Command(['wait', name, ...args], { address: server.address, ...TERMINAL });

// At the top level, so that the server is stopped before test/helpers/no-leaks.ts checks.
describe('wait', () => {
  beforeAll(async () => {
    server = await startReportsServer({ clock: systemClock });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('changes on standard error, the outcome on standard output', async () => {
    const { name, update, succeed } = await working();
    const waiting = wait(name);
    await waiting.printed(/^running\n/, 'stderr');
    await update({ progressPercent: 25 });
    await waiting.printed(/^running: 25 %\n/m, 'stderr');
    await update({ progressPercent: 75 });
    await waiting.printed(/^running: 75 %\n/m, 'stderr');
    succeed({ uri: 'gs://b/r.csv' });
    const { code, stdout, stderr } = await waiting.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'running\nrunning: 25 %\nrunning: 75 %\n' });
    expect(stdout).toMatch(/^operation {2}projects\/.*\nstate {6}succeeded\n/);
    expect(stdout).toContain('gs://b/r.csv');
  });

  describe('at a terminal › a bar, which is removed at the end', () => {
    it.each([
      ['succeeds', 0, 'succeeded'],
      ['fails', 1, 'failed'],
      ['is cancelled', 3, 'cancelled'],
    ])('the operation %s: exit code %d', async (end, exitCode, state) => {
      const { name, update, succeed, fail } = await working();
      await update({ progressPercent: 40 });
      const waiting = waitAtTerminal(name);
      await waiting.printed(/running \[=+-+\] 40 %/, 'stderr');
      if (end === 'succeeds') succeed();
      else if (end === 'fails') fail(new StatusError(Code.ABORTED, 'no'));
      else await server.inProcess.operations.cancelOperation({ name });
      const { code, stdout, stderr } = await waiting.ended;
      expect(code).toBe(exitCode);
      expect(stdout).toContain(`state      ${state}`);
      expect(stderr.endsWith(CLEARED)).toBe(true);
      expect(stderr).not.toContain('\n');
    });

    it('--json: standard output has the outcome and nothing else', async () => {
      const { name, update, succeed } = await working();
      await update({ progressPercent: 40 });
      const waiting = waitAtTerminal(name, '--json');
      await waiting.printed(/40 %/, 'stderr');
      succeed();
      const { stdout, stderr } = await waiting.ended;
      expect(JSON.parse(stdout)).toMatchObject({ name, done: true });
      expect(stderr.endsWith(CLEARED)).toBe(true);
    });

    it('Ctrl-C: the bar is removed before any message', async () => {
      const { name, update, succeed } = await working();
      await update({ progressPercent: 40 });
      const waiting = waitAtTerminal(name);
      await waiting.printed(/40 %/, 'stderr');
      waiting.interrupt();
      const { code, stdout, stderr } = await waiting.ended;
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      const said = stderr.slice(stderr.indexOf(CLEARED) + CLEARED.length);
      expect(said).toMatch(/^longrunning: stopped waiting, [^\n]+\n$/);
      succeed();
    });

    it('no percentage: lines', async () => {
      const { name, update, succeed } = await working();
      await update({ cancelRequested: true });
      const waiting = waitAtTerminal(name);
      await waiting.printed(/cancellation requested\n/, 'stderr');
      succeed();
      expect((await waiting.ended).stderr).toBe('running: cancellation requested\n');
    });
  });

  it('--json: includes the error in the outcome', async () => {
    const { name, fail } = await working();
    fail(new StatusError(Code.FAILED_PRECONDITION, 'the report is locked'));
    const { code, stdout } = await wait(name, '--json').ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      done: true,
      error: { code: 9, message: 'the report is locked' },
    });
  });

  it('details of an error are shown, those of unknown types as bytes', async () => {
    const unknown = { typeUrl: 'type.googleapis.com/acme.Quota', value: Buffer.from([8, 1]) };
    const { name, fail } = await working();
    fail(new StatusError(Code.RESOURCE_EXHAUSTED, 'no room', [unknown]));
    const [block, json] = await Promise.all([wait(name).ended, wait(name, '--json').ended]);
    expect(block.stdout).toContain('  detail     Quota\n    value      CAE=\n');
    expect(JSON.parse(json.stdout).error.details).toEqual([{ '@type': unknown.typeUrl, value: 'CAE=' }]);
  });

  it('Ctrl-C: exit code 4 with advice; the operation continues, uncancelled', async () => {
    const { name, succeed } = await working();
    const waiting = wait(name);
    await waiting.printed(/running/, 'stderr');
    waiting.interrupt();
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(4);
    expect(stderr).toBe(
      `running\nlongrunning: stopped waiting, the operation continues: longrunning get ${name} shows it, longrunning cancel ${name} ends it\n`,
    );
    const operation = await server.inProcess.operations.getOperation({ name });
    expect(operation.done).toBe(false);
    const { stdout } = await run(['get', name, '--json'], { address: server.address });
    expect(JSON.parse(stdout).metadata.cancelRequested).toBeUndefined();
    succeed();
  });

  it('cancel --wait of an operation that cannot be cancelled: exit code 5, and no wait', async () => {
    const { name } = await server.inProcess.purgeReports();
    const { code, stdout, stderr } = await run(['cancel', name, '--wait'], { address: server.address });
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/^longrunning: UNIMPLEMENTED: /);
  });

  it('cancel --wait › Ctrl-C: exit code 4; the cancellation request remains', async () => {
    await using stubborn = await startReportsServer({ clock: systemClock, onAbort: 'ignore' });
    const { name } = await stubborn.inProcess.exportReport();
    const { succeed } = await stubborn.exports.on(name);
    const cancelling = new Command(['cancel', name, '--wait'], { address: stubborn.address });
    await cancelling.printed(/cancellation requested\n/, 'stderr');
    cancelling.interrupt();
    const { code, stdout, stderr } = await cancelling.ended;
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/\nlongrunning: stopped waiting, the operation continues: [^\n]+\n$/);
    succeed();
  });

  it('--timeout passes: exit code 4, the latest state, and the operation continues', async () => {
    const { name, succeed } = await working();
    const { code, stdout, stderr } = await wait(name, '--timeout', '500ms', '--json').ended;
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ name });
    expect(stderr).toMatch(/^running\nlongrunning: gave up waiting, the operation continues: [^\n]+\n$/);
    succeed();
  });

  it('--timeout passes without an answer: exit code 4, naming the server', async () => {
    const { code, stdout, stderr } = await run(['wait', `${PARENT}/operations/a`, '--timeout', '300ms'], {
      address: '127.0.0.1:1',
    });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^longrunning: gave up waiting, no answer from 127\.0\.0\.1:1: [^\n]+\n$/);
  });

  it('an outage of the server: one message on standard error, and the wait continues', async () => {
    await using away = await Serving.start([...JOBS_PROTO, ...JOBS_SCRIPT]);
    const { address } = away;
    const name = await startJob(address, 'Hang');
    const lines = new Command(['wait', name, ...JOBS_PROTO], { address });
    const bar = new Command(['wait', name, ...JOBS_PROTO], { address, ...TERMINAL });
    await Promise.all([lines.printed(/^running: 75 %/m, 'stderr'), bar.printed(/75 %/, 'stderr')]);
    away.child.kill('SIGKILL');
    await Promise.all([lines, bar].map((waiting) => waiting.printed(/^.*server UNAVAILABLE/m, 'stderr')));
    for (const waiting of [lines, bar]) waiting.interrupt();
    const trouble = 'server UNAVAILABLE, trying again\n';
    const [said, drawn] = await Promise.all([lines.ended, bar.ended]);
    for (const { code, stdout, stderr } of [said, drawn]) {
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr.split(trouble)).toHaveLength(2);
    }
    expect(drawn.stderr).toContain(CLEARED + trouble);
  });
});
