import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { JOBS_PROTO, JOBS_SCRIPT, Running, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// The server is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/l';
const UNKNOWN = 'operations/unknown';

let serving: Serving;

/** Runs a command against the server, with the protos of the fixtures. */
const call = (...args: string[]) => run([...args, ...JOBS_PROTO], { address: serving.address });

const start = (method: string, parent = PARENT) => startJob(serving.address, method, parent);

// At the top level, so that the server is stopped before test/helpers/no-leaks.ts checks.
describe('with a server', () => {
  beforeAll(async () => {
    serving = await Serving.start([...JOBS_PROTO, ...JOBS_SCRIPT]);
  });
  afterAll(() => serving[Symbol.asyncDispose]());

  describe('start', () => {
    it('a short name: starts the operation and prints it as a block', async () => {
      const { code, stdout, stderr } = await call('start', 'Jobs/Hang', `{"parent": "${PARENT}"}`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^operation {2}projects\/p\/locations\/l\/operations\/\S+\nstate {6}running\n/);
    });

    it('--json: ProtoJSON and nothing else', async () => {
      const { code, stdout } = await call('start', 'test.jobs.v1.Jobs/Hang', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        name: expect.stringMatching(/^operations\/\w+$/),
        metadata: { '@type': 'type.googleapis.com/test.jobs.v1.JobMetadata' },
      });
    });

    it('-: the request comes from standard input', async () => {
      const settings = { address: serving.address, stdin: '{"parent": "projects/in/locations/l"}' };
      const { stdout } = await run(['start', 'Hang', '-', '--json', ...JOBS_PROTO], settings);
      expect(JSON.parse(stdout).name).toMatch(/^projects\/in\/locations\/l\/operations\//);
    });

    it.each([
      ['Jobs/Succeed', 0, 'succeeded', 'report     all is well'],
      ['Jobs/Fail', 1, 'failed', 'error      FAILED_PRECONDITION (9): the job is locked'],
    ])('%s --wait: exit code %d', async (method, exitCode, state, text) => {
      const { code, stdout } = await call('start', method, '--wait');
      expect(code).toBe(exitCode);
      expect(stdout).toMatch(/^started operations\//);
      expect(stdout).toContain(`state      ${state}`);
      expect(stdout).toContain(text);
    });
  });

  describe('get', () => {
    it('--json: ProtoJSON, decoded by --proto', async () => {
      const name = await start('Hang');
      const { code, stdout } = await call('get', name, '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        name,
        metadata: { '@type': expect.stringContaining('Job') },
      });
    });

    it('without the proto: decoded by reflection of the server', async () => {
      const name = await start('Hang');
      await call('cancel', name, '--wait');
      const { code, stdout } = await run(['get', name, '--json'], { address: serving.address });
      expect(code).toBe(0);
      // The script changes the other fields over time.
      expect(JSON.parse(stdout).metadata).toMatchObject({
        '@type': 'type.googleapis.com/test.jobs.v1.JobMetadata',
        cancelRequested: true,
      });
    });

    it('--address takes precedence over the environment', async () => {
      const name = await start('Hang');
      const env = { LONGRUNNING_ADDRESS: '127.0.0.1:1' };
      const { code } = await new Running(['get', name, '--address', serving.address], { env }).ended;
      expect(code).toBe(0);
    });

    it('the address comes from the environment', async () => {
      const name = await start('Hang');
      const env = { LONGRUNNING_ADDRESS: serving.address };
      expect(await new Running(['get', name], { env }).ended).toMatchObject({ code: 0, stderr: '' });
    });
  });

  describe('cancel', () => {
    it('requests cancellation and returns; a later wait has exit code 3', async () => {
      const name = await start('Hang');
      const { code, stdout } = await call('cancel', name);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `cancellation requested of ${name}\n` });
      expect((await call('wait', name)).code).toBe(3);
    });

    it('--wait: prints the outcome; exit code 3', async () => {
      const { code, stdout } = await call('cancel', await start('Hang'), '--wait', '--json');
      expect(code).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({
        done: true,
        error: { code: 1 },
        metadata: { cancelRequested: true },
      });
    });

    it('an operation that has ended: prints the outcome, and requests nothing', async () => {
      const name = await start('Hang');
      await call('cancel', name, '--wait');
      expect(await call('cancel', name)).toEqual({
        code: 0,
        stdout: `${name} had already ended: cancelled\n`,
        stderr: '',
      });
      expect(await call('cancel', name, '--json')).toEqual({
        code: 0,
        stdout: '{}\n',
        stderr: `longrunning: ${name} had already ended: cancelled\n`,
      });
      const waited = await call('cancel', name, '--wait');
      expect(waited).toMatchObject({
        code: 3,
        stderr: `longrunning: ${name} had already ended: cancelled\n`,
      });
      expect(waited.stdout).toContain('state      cancelled');
    });

    it('a method that cannot be cancelled: exit code 5 (contract 15)', async () => {
      const { code, stderr } = await call('cancel', await start('Insist'));
      expect(code).toBe(5);
      expect(stderr).toMatch(/^longrunning: UNIMPLEMENTED: operation [^\n]+\n$/);
    });
  });

  describe('start --wait --timeout', () => {
    it.each(['1ms', '100ms'])('%s: exit code 4, with the name of the started operation', async (timeout) => {
      const { code, stdout, stderr } = await call('start', 'Jobs/Hang', '--wait', '--timeout', timeout);
      expect(code).toBe(4);
      const [, name] = /^started (\S+)\n/.exec(stdout) ?? [];
      expect(stderr).toContain(
        `longrunning: gave up waiting, the operation continues: longrunning get ${name} shows it`,
      );
      expect((await call('get', name ?? '')).stdout).toContain('state      running');
    });
  });

  describe('--address before the command', () => {
    it('works as after it; the latter takes precedence', async () => {
      const name = await start('Hang');
      const early = await run(['--address', serving.address, 'get', name, ...JOBS_PROTO]);
      expect(early).toMatchObject({ code: 0, stderr: '' });
      const both = ['--address', '127.0.0.1:1', 'get', name, '--address', serving.address, ...JOBS_PROTO];
      expect(await run(both)).toMatchObject({ code: 0, stderr: '' });
      expect(await run([`--address=${serving.address}`, 'list'])).toMatchObject({ code: 0 });
    });

    it('takes precedence over the environment', async () => {
      const name = await start('Hang');
      const env = { LONGRUNNING_ADDRESS: '127.0.0.1:1' };
      const { code } = await new Running(['--address', serving.address, 'get', name], { env }).ended;
      expect(code).toBe(0);
    });

    it('for a command without the option: exit code 2', async () => {
      expect(await run(['--address', serving.address, 'openapi'])).toEqual({
        code: 2,
        stdout: '',
        stderr: 'longrunning: --address is no option of longrunning openapi: leave it out\n',
      });
    });

    it('a usage error after it: refers to the help of the command', async () => {
      const { code, stderr } = await run(['--address', serving.address, 'get']);
      expect(code).toBe(2);
      expect(stderr).toContain('see longrunning get --help');
    });
  });

  describe('delete', () => {
    it('the operation is gone (contract 20)', async () => {
      const name = await start('Hang');
      const { code, stdout } = await call('delete', name, '--json');
      expect({ code, json: JSON.parse(stdout) }).toEqual({ code: 0, json: {} });
      expect((await call('get', name)).code).toBe(5);
    });
  });

  describe('failed RPCs › one line with the reason, exit code 5', () => {
    it.each([['get'], ['wait'], ['cancel'], ['delete']])(
      '%s of an unknown operation (contract 9)',
      async (command) => {
        const { code, stdout, stderr } = await call(command, UNKNOWN);
        expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
        expect(stderr).toMatch(/^longrunning: NOT_FOUND: operation "operations\/unknown" [^\n]+\n$/);
      },
    );

    it.each([
      ['get', 'operations/a'],
      ['list'],
      ['wait', 'operations/a'],
      ['watch', 'operations/a'],
      ['cancel', 'operations/a'],
      ['cancel', 'operations/a', '--wait'],
      ['delete', 'operations/a'],
      ['start', 'Reports/ExportReport'],
      ['start', 'Reports/ExportReport', '--wait'],
    ])('no server: %s %s %s reports it within 2 s', async (...args) => {
      const began = performance.now();
      const { code, stderr } = await run(args, { address: '127.0.0.1:1' });
      expect(code).toBe(5);
      expect(stderr).toMatch(
        /^longrunning: UNAVAILABLE: no connection to 127\.0\.0\.1:1: connect ECONNREFUSED /,
      );
      expect(performance.now() - began).toBeLessThan(2000);
    });

    it.each([
      ['get', 'operations/a', '--timeout', '200ms'],
      ['list', '--timeout', '200ms'],
      ['start', 'Jobs/Hang', '--timeout', '200ms'],
      ['get', 'operations/a'],
    ])('reports the reason for any --timeout: %s %s %s %s', async (...args) => {
      const situations: [string, string][] = [
        ['127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1: check that a server runs at 127.0.0.1:1'],
        [
          'unknown.invalid:443',
          'Name resolution failed for target dns:unknown.invalid:443: check the host name',
        ],
        [`https://${serving.address}`, 'wrong version number: server at'],
        ['unix:/missing.sock', 'connect ENOENT /missing.sock'],
      ];
      for (const [address, reason] of situations) {
        const { code, stderr } = await run([...args, ...JOBS_PROTO], { address });
        expect(code).toBe(5);
        expect(stderr).toContain(`longrunning: UNAVAILABLE: no connection to ${address}: ${reason}`);
        expect(stderr).toMatch(/^[^\n]+\n$/);
      }
    });

    it('no server: names the address', async () => {
      const { code, stdout, stderr } = await run(['start', 'Reports/ExportReport'], {
        address: '127.0.0.1:1',
      });
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
      expect(stderr).toMatch(/^longrunning: UNAVAILABLE: [^\n]+ a server runs at 127\.0\.0\.1:1, [^\n]+\n$/);
    });
  });
});
