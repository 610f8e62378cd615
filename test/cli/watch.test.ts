import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Code, StatusError } from 'longrunning';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { ChangedOperations } from '../../src/cli/operations/watch.js';
import { type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { systemClock } from '../../src/core/clock.js';
import { Command, JOBS_PROTO, JOBS_SCRIPT, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// One server is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

let server: ReportsServer;

async function working(parent = 'projects/p/locations/l') {
  const { name } = await server.inProcess.exportReport({ parent });
  const { context, succeed, fail } = await server.exports.on(name);
  return { name, update: context.update, succeed, fail };
}

const watch = (...args: string[]) => new Command(['watch', ...args], { address: server.address });

// At the top level, so that the server is stopped before test/helpers/no-leaks.ts checks.
describe('watch', () => {
  beforeAll(async () => {
    server = await startReportsServer({ clock: systemClock });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  describe('an operation', () => {
    it('prints a line per change until the end; its exit code', async () => {
      const { name, update, fail } = await working();
      const watching = watch(name);
      await watching.printed(/running\n/);
      await update({ progressPercent: 50 });
      await watching.printed(/50 %\n/);
      fail(new StatusError(Code.ABORTED, 'no'));
      expect(await watching.ended).toEqual({
        code: 1,
        stdout: `${name}  running\n${name}  running    50 %\n${name}  failed     ABORTED: no\n`,
        stderr: '',
      });
    });

    it('--json: one document per line', async () => {
      const { name, succeed } = await working();
      const watching = watch(name, '--json');
      await watching.printed(/\n/);
      succeed();
      const { code, stdout } = await watching.ended;
      expect(code).toBe(0);
      const states = stdout.trimEnd().split('\n');
      expect(states.map((line) => JSON.parse(line))).toMatchObject([{ name }, { name, done: true }]);
    });

    it('Ctrl-C: exit code 4, and the operation continues', async () => {
      const { name, succeed } = await working();
      const watching = watch(name);
      await watching.printed(/running\n/);
      watching.interrupt();
      const { code, stdout, stderr } = await watching.ended;
      expect({ code, stdout }).toEqual({ code: 4, stdout: `${name}  running\n` });
      expect(stderr).toMatch(/^longrunning: stopped waiting, the operation continues: [^\n]+\n$/);
      succeed();
    });

    it('--timeout passes: exit code 4', async () => {
      const { name, succeed } = await working();
      expect(await watch(name, '--timeout', '500ms').ended).toMatchObject({
        code: 4,
        stdout: `${name}  running\n`,
      });
      succeed();
    });

    it('an unknown operation: exit code 5', async () => {
      expect(await watch('operations/unknown').ended).toMatchObject({ code: 5, stdout: '' });
    });
  });

  describe('a parent', () => {
    it('existing operations, oldest first; then new and changed ones only, until Ctrl-C', async () => {
      const parent = 'projects/watch/locations/l';
      const first = await working(parent);
      const second = await working(parent);
      const watching = watch(parent, '--interval', '20ms');
      await watching.printed(new RegExp(`${second.name}  running\n`));
      await first.update({ progressPercent: 50 });
      await watching.printed(/50 %\n/);
      const third = await working(parent);
      await watching.printed(new RegExp(`${third.name}  running\n`));
      second.succeed();
      await watching.printed(/succeeded\n/);
      watching.interrupt();
      expect(await watching.ended).toEqual({
        code: 0,
        stdout: [
          `${first.name}  running`,
          `${second.name}  running`,
          `${first.name}  running    50 %`,
          `${third.name}  running`,
          `${second.name}  succeeded\n`,
        ].join('\n'),
        stderr: '',
      });
      for (const { succeed } of [first, third]) succeed();
    });

    it('--json: one document per line', async () => {
      const parent = 'projects/watch-json/locations/l';
      const { name, succeed } = await working(parent);
      const watching = watch(parent, '--json', '--interval', '20ms');
      await watching.printed(/\n/);
      succeed();
      await watching.printed(/\n.*\n/);
      watching.interrupt();
      const { stdout } = await watching.ended;
      const states = stdout.trimEnd().split('\n');
      expect(states.map((line) => JSON.parse(line))).toMatchObject([{ name }, { name, done: true }]);
    });

    it('--timeout passes: exit code 0', async () => {
      expect(await watch('projects/nobody', '--timeout', '300ms').ended).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
    });

    it('no server at the start: exit code 5', async () => {
      const ended = await run(['watch', 'projects/p', '--interval', '20ms'], { address: '127.0.0.1:1' });
      expect(ended).toMatchObject({ code: 5, stdout: '' });
      expect(ended.stderr).toMatch(/^longrunning: UNAVAILABLE: [^\n]+\n$/);
    });

    it('an outage of the server: one message on standard error, and watching continues', async () => {
      await using away = await Serving.start([...JOBS_PROTO, ...JOBS_SCRIPT]);
      const { address } = away;
      await startJob(address, 'Hang', 'projects/p/locations/l');
      const watching = new Command(['watch', 'projects/p/locations/l', '--interval', '20ms'], { address });
      await watching.printed(/running/);
      away.child.kill('SIGKILL');
      await watching.printed(/^server UNAVAILABLE, trying again\n/, 'stderr');
      watching.interrupt();
      expect(await watching.ended).toMatchObject({ code: 0, stderr: 'server UNAVAILABLE, trying again\n' });
    });
  });
});

describe('ChangedOperations', () => {
  const operation = (id: string, done = false) => Operation.fromPartial({ name: `operations/${id}`, done });
  const [a, b, c] = ['a', 'b', 'c'].map((id) => operation(id)) as [Operation, Operation, Operation];

  it('returns everything first, then new or changed operations, oldest first', () => {
    const changed = new ChangedOperations();
    expect(changed.of([b, a])).toEqual([a, b]);
    expect(changed.of([b, a])).toEqual([]);
    expect(changed.of([c, b, operation('a', true)])).toEqual([operation('a', true), c]);
    expect(changed.of([c, b])).toEqual([]);
  });

  it('an operation that reappears is new', () => {
    const changed = new ChangedOperations();
    changed.of([b, a]);
    expect(changed.of([b])).toEqual([]);
    expect(changed.of([b, a])).toEqual([a]);
  });
});
