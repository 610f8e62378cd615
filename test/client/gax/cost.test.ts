import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const root = join(__dirname, '../../..');

/** Lists the packages of google-gax and its libraries that a new process loads with the given imports. */
async function googlePackagesAfter(...imports: string[]): Promise<string> {
  const program = `
    import { createRequire } from 'node:module';
    for (const name of ${JSON.stringify(imports)}) await import(name);
    const files = Object.keys(createRequire(import.meta.url).cache);
    console.log(files.some((file) => /node_modules.(google-gax|google-auth-library)/.test(file)));`;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return stdout.trim();
}

describe('google-gax', () => {
  it('is loaded by no import of the package, longrunning/gax included', async () => {
    const all = ['longrunning', 'longrunning/server', 'longrunning/testing', 'longrunning/gax'];
    expect(await googlePackagesAfter(...all)).toBe('false');
  }, 300_000);
});
