// globalTeardown of jest.config.js.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export default async function stopPostgresProcess(): Promise<void> {
  const { testPostgresProcess: child } = globalThis as { testPostgresProcess?: ChildProcess };
  if (!child) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}
