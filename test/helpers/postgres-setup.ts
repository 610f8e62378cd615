// globalSetup of jest.config.js.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export default async function startPostgresProcess(): Promise<void> {
  // Started already for several runs: see scripts/mutate.ts.
  if (process.env.TEST_POSTGRES_PROCESS !== undefined) return;
  const script = join(process.cwd(), 'test/helpers/postgres-process.ts');
  // The locale of the tests need not be installed, and PostgreSQL takes only one that is.
  const env = { ...process.env, LC_ALL: 'C' };
  const child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(createInterface(child.stdout), 'line');
  process.env.TEST_POSTGRES_PROCESS = `http://127.0.0.1:${port}`;
  Object.assign(globalThis, { testPostgresProcess: child });
}
