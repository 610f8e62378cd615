import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Code, OperationsClient } from 'longrunning';
import { JOBS_PROTO, Serving } from '../../cli/command-line.js';
import { startJob } from '../../cli/start-job.js';
import { type TempDirectory, tempDirectory } from '../../helpers/sqlite-file.js';

// Servers run in separate processes, which are slow on a busy machine.
jest.setTimeout(300_000);

let directory: TempDirectory;
const open: (() => unknown)[] = [];
beforeEach(() => {
  directory = tempDirectory();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  directory[Symbol.dispose]();
});

/** A file size limit simulates a full disk: no file can grow. `prlimit` sets it for a running process. */
const FULL = '--fsize=0:unlimited';
const ROOM = '--fsize=unlimited:unlimited';

async function serve(launcher: readonly string[] = []) {
  const store = `sqlite:${join(directory.path, 'operations.db')}`;
  const serving = await Serving.start([...JOBS_PROTO, '--store', store, '--grace', '0'], { launcher });
  const client = new OperationsClient({ address: serving.address });
  open.push(
    () => serving[Symbol.asyncDispose](),
    () => client.close(),
  );
  return {
    serving,
    client,
    /** Sets the limit. */
    disk: (limit: string) => execFileSync('prlimit', [limit, '--pid', String(serving.child.pid)]),
    ready: async () => (await fetch(`http://${serving.address}/readyz`)).status,
  };
}

/** Polls readiness until it is as expected; health checks the store at most once a second. */
async function expectReady({ ready }: { ready: () => Promise<number> }, status: number): Promise<void> {
  while ((await ready()) !== status) await new Promise((resolve) => setTimeout(resolve, 100));
}

describe('SQLite store on a full disk', () => {
  it('while it serves: reads continue, writes are UNAVAILABLE, not ready; it recovers automatically (contract 52)', async () => {
    const server = await serve();
    const name = await startJob(server.serving.address, 'Hang');
    await expectReady(server, 200);
    server.disk(FULL);
    await expectReady(server, 503);
    await expect(startJob(server.serving.address, 'Hang')).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(await server.client.getOperation({ name })).toMatchObject({ name, done: false });
    server.disk(ROOM);
    await expectReady(server, 200);
    await startJob(server.serving.address, 'Hang');
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ended by %s and restarted: serves reads, and writes once there is room',
    async (signal) => {
      const before = await serve();
      const name = await startJob(before.serving.address, 'Hang');
      before.serving.child.kill(signal);
      await before.serving.ended;

      const server = await serve(['prlimit', FULL]);
      expect(await server.client.getOperation({ name })).toMatchObject({ name });
      expect((await server.client.listOperations({ name: '' })).operations).toEqual([
        expect.objectContaining({ name }),
      ]);
      await expectReady(server, 503);
      await expect(startJob(server.serving.address, 'Hang')).rejects.toMatchObject({
        code: Code.UNAVAILABLE,
      });
      server.disk(ROOM);
      await expectReady(server, 200);
      await startJob(server.serving.address, 'Hang');
    },
  );
});
