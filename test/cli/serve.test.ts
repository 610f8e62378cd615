import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Code, OperationsClient } from 'longrunning';
import { protoFiles } from '../schema/proto-files.js';
import { JOBS_PROTO, JOBS_SCRIPT, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// Every command is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(...args: string[]): Promise<{ serving: Serving; client: OperationsClient }> {
  const serving = await Serving.start(args);
  const client = new OperationsClient({ address: serving.address });
  open.push(
    () => client.close(),
    () => serving[Symbol.asyncDispose](),
  );
  return { serving, client };
}

async function start(serving: Serving, ...args: string[]): Promise<string> {
  const { stdout } = await run(['start', ...args, '--json'], { address: serving.address });
  return JSON.parse(stdout).name;
}

/** Parses the warnings in a log. */
const warningsOf = (stderr: string) =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 40);

const waitFor = (client: OperationsClient, name: string) =>
  client.waitOperation({ name, timeout: { seconds: 30, nanos: 0 } });

describe('serve', () => {
  it('without options: the example service, and one line on standard output', async () => {
    const { serving } = await serve();
    const name = await start(serving, 'Reports/ExportReport', '{"parent": "projects/p/locations/l"}');
    expect(name).toMatch(/^projects\/p\/locations\/l\/operations\//);
    serving.child.kill('SIGTERM');
    const { stdout } = await serving.ended;
    expect(stdout).toMatch(/^longrunning: listening on 127\.0\.0\.1:\d+\n$/);
  });

  it('a deprecated service: one warning in the log', async () => {
    const { serving } = await serve(...JOBS_PROTO);
    serving.child.kill('SIGTERM');
    const { stderr } = await serving.ended;
    expect(warningsOf(stderr)).toEqual([expect.objectContaining({ service: 'test.jobs.v1.OldJobs' })]);
  });

  it('no package, and a method without operation_info: operations start; one warning names the method', async () => {
    using files = protoFiles({
      'nopkg.proto': `syntax = "proto3"; import "google/longrunning/operations.proto"; message M {}
        service Bare { rpc Run(M) returns (google.longrunning.Operation); }`,
    });
    const proto = ['--proto', files.path('nopkg.proto')];
    const { serving } = await serve(...proto);
    const { address } = serving;
    const started = await run(['start', 'Bare/Run', ...proto, '--wait', '--json'], { address });
    expect(started.code).toBe(0);
    const { name, response } = JSON.parse(started.stdout);
    expect(response['@type']).toBe('type.googleapis.com/google.protobuf.Empty');
    expect(await run(['get', name, ...proto], { address })).toMatchObject({ code: 0, stderr: '' });
    serving.child.kill('SIGTERM');
    const { stderr } = await serving.ended;
    expect(warningsOf(stderr)).toEqual([
      expect.objectContaining({
        method: 'Bare.Run',
        msg: expect.stringMatching(/method Bare\.Run .*: add option .*operation_info/),
      }),
    ]);
  });
});

describe('serve › signals', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: a pending wait is answered with the latest state, exit code 0 (contract 21)',
    async (signal) => {
      const { serving, client } = await serve(...JOBS_PROTO, ...JOBS_SCRIPT, '--grace', '300ms');
      const name = await startJob(serving.address, 'Hang');
      const waiting = waitFor(client, name);
      await client.getOperation({ name });
      const toldAt = performance.now();
      serving.child.kill(signal);
      expect(await waiting).toMatchObject({ name, done: false });
      expect(await serving.ended).toMatchObject({ code: 0, signal: null });
      expect(performance.now() - toldAt).toBeLessThan(5000);
    },
  );

  it('work that ends within the grace completes and is not cancelled', async () => {
    const { serving, client } = await serve(...JOBS_PROTO, ...JOBS_SCRIPT, '--grace', '3s');
    const name = await startJob(serving.address, 'Succeed');
    const hanging = await startJob(serving.address, 'Hang');
    serving.child.kill('SIGTERM');
    // The server still answers during the grace.
    let operation = await client.getOperation({ name });
    while (!operation.done) operation = await client.getOperation({ name });
    expect(operation.result?.$case).toBe('response');
    expect(await client.getOperation({ name: hanging })).toMatchObject({ done: false });
    expect(await serving.ended).toMatchObject({ code: 0 });
  });

  it('new operations are rejected with UNAVAILABLE during the shutdown', async () => {
    const { serving, client } = await serve(...JOBS_PROTO, ...JOBS_SCRIPT, '--grace', '1m');
    const name = await startJob(serving.address, 'Hang');
    const waiting = waitFor(client, name);
    await client.getOperation({ name });
    serving.child.kill('SIGTERM');
    await waiting;
    await expect(startJob(serving.address, 'Hang')).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });

  it('a second signal ends it at once', async () => {
    const { serving, client } = await serve(...JOBS_PROTO, ...JOBS_SCRIPT, '--grace', '1m');
    const name = await startJob(serving.address, 'Hang');
    const waiting = waitFor(client, name);
    await client.getOperation({ name });
    serving.child.kill('SIGTERM');
    await waiting;
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 143 });
  });
});
