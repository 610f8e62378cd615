import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { JOBS_PROTO, JOBS_SCRIPT, Running, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// The server is a process of its own, which takes its time on a busy machine.
jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/l';
const UNKNOWN = 'operations/unknown';

let serving: Serving;

/** Runs a command against the server, with the protos of the fixtures. */
const call = (...args: string[]) => run([...args, ...JOBS_PROTO], { address: serving.address });

const start = (method: string, parent = PARENT) => startJob(serving.address, method, parent);

// Around the whole, so that the server is gone when test/helpers/no-leaks.ts looks.
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

    it('without the proto: type and bytes', async () => {
      const name = await start('Hang');
      await call('cancel', name, '--wait');
      const { code, stdout } = await run(['get', name, '--json'], { address: serving.address });
      expect(code).toBe(0);
      expect(JSON.parse(stdout).metadata).toEqual({
        '@type': 'type.googleapis.com/test.jobs.v1.JobMetadata',
        value: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      });
    });

    it('--address goes before the environment', async () => {
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
    it('asks and returns; wait then tells: exit code 3', async () => {
      const name = await start('Hang');
      const { code, stdout } = await call('cancel', name);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `cancellation requested of ${name}\n` });
      expect((await call('wait', name)).code).toBe(3);
    });

    it('--wait: tells the outcome; exit code 3', async () => {
      const { code, stdout } = await call('cancel', await start('Hang'), '--wait', '--json');
      expect(code).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({
        done: true,
        error: { code: 1 },
        metadata: { cancelRequested: true },
      });
    });

    it('a method that cannot be cancelled: exit code 5 (contract 15)', async () => {
      const { code, stderr } = await call('cancel', await start('Insist'));
      expect(code).toBe(5);
      expect(stderr).toMatch(/^longrunning: UNIMPLEMENTED: operation [^\n]+\n$/);
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

  describe('an RPC fails › one line says why, exit code 5', () => {
    it.each([['get'], ['wait'], ['cancel'], ['delete']])(
      '%s of an unknown operation (contract 9)',
      async (command) => {
        const { code, stdout, stderr } = await call(command, UNKNOWN);
        expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
        expect(stderr).toMatch(/^longrunning: NOT_FOUND: operation "operations\/unknown" [^\n]+\n$/);
      },
    );

    it('no server: says where it should be', async () => {
      const { code, stdout, stderr } = await run(['start', 'Reports/ExportReport'], {
        address: '127.0.0.1:1',
      });
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
      expect(stderr).toMatch(/^longrunning: UNAVAILABLE: [^\n]+ a server runs at 127\.0\.0\.1:1, [^\n]+\n$/);
    });
  });
});
