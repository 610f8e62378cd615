// globalSetup of jest.config.js.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export default async function startPostgresProcess(): Promise<void> {
  // Already started for several runs: see scripts/mutate.ts.
  if (process.env.TEST_POSTGRES_PROCESS !== undefined) return;
  const script = join(process.cwd(), 'test/helpers/postgres-process.ts');
  // PostgreSQL accepts only installed locales, and the locale of the tests may not be installed.
  const env = { ...process.env, LC_ALL: 'C' };
  const child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(createInterface(child.stdout), 'line');
  process.env.TEST_POSTGRES_PROCESS = `http://127.0.0.1:${port}`;
  Object.assign(globalThis, { testPostgresProcess: child });
}
