import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ROOT } from './pages.js';

/** Links the package and all that this repository has installed. */
export function installInto(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== 'longrunning') {
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    }
  }
  symlinkSync(ROOT, join(folder, 'node_modules/longrunning'));
  cpSync(join(ROOT, 'examples/journal-store.ts'), join(folder, 'journal-store.ts'));
}

/** Resolves to a port of this machine that is free now, for programs that cannot listen on port 0. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
