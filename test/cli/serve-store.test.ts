import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Code, OperationsClient } from 'longrunning';
import { tempDirectory } from '../helpers/sqlite-file.js';
import { protoFiles } from '../schema/proto-files.js';
import { JOBS_PROTO, Running, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// Every command is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const SCRIPT = `
methods:
  test.jobs.v1.Jobs.Hang: { durationMs: 3600000, onCancel: ignore }
  test.jobs.v1.Jobs.Succeed: { durationMs: 500, onInterrupted: resume }
`;

/** Creates a database, and starts servers on it that fake the jobs. */
function jobs() {
  const directory = tempDirectory();
  const files = protoFiles({ 'jobs.yaml': SCRIPT });
  open.push(
    () => directory[Symbol.dispose](),
    () => files[Symbol.dispose](),
  );
  const store = ['--store', `sqlite:${join(directory.path, 'ops.db')}`];
  const args = [...JOBS_PROTO, '--script', files.path('jobs.yaml'), ...store, '--grace', '0'];
  return {
    args,
    async serve(): Promise<{ serving: Serving; client: OperationsClient }> {
      const serving = await Serving.start(args);
      const client = new OperationsClient({ address: serving.address });
      open.push(
        () => serving[Symbol.asyncDispose](),
        () => client.close(),
      );
      return { serving, client };
    },
  };
}

const waitFor = (client: OperationsClient, name: string) =>
  client.waitOperation({ name, timeout: { seconds: 60, nanos: 0 } }, { timeoutMs: 90_000 });

describe('serve --store sqlite:FILE', () => {
  it('killed and restarted: operations are kept; interrupted work ends as its method specifies', async () => {
    const { serve } = jobs();
    const { serving } = await serve();
    const hanging = await startJob(serving.address, 'Hang');
    const resumed = await startJob(serving.address, 'Succeed');
    serving.child.kill('SIGKILL');
    await serving.ended;

    const { client } = await serve();
    expect((await waitFor(client, hanging)).result).toMatchObject({
      $case: 'error',
      value: { code: Code.ABORTED },
    });
    expect((await waitFor(client, resumed)).result).toMatchObject({ $case: 'response' });
  });

  it('stopped and restarted: recorded operations are kept', async () => {
    const { serve } = jobs();
    const { serving } = await serve();
    const hanging = await startJob(serving.address, 'Hang');
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0 });
    const { client } = await serve();
    expect(await client.getOperation({ name: hanging })).toMatchObject({ done: true });
  });

  it('a file in use by another server: one line names its process, exit code 2', async () => {
    const { args, serve } = jobs();
    const { serving } = await serve();
    const second = await new Running(['serve', '--address', '127.0.0.1:0', ...args]).ended;
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toContain(`is already in use by process ${serving.child.pid}`);
  });
});
