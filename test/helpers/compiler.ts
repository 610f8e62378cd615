import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../..');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

/** Links the packages of this project into a directory, so that code in it compiles. */
export function linkPackages(directory: string): void {
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
}

/** Compiler diagnostics for some files of a directory, as strict as for this package. */
export async function complaints(directory: string, files: readonly string[]): Promise<string> {
  // Enums of ts-proto are not erasable, which is unrelated to strictness.
  const compilerOptions = { erasableSyntaxOnly: false };
  const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, files, include: [] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
  try {
    await promisify(execFile)(process.execPath, [COMPILER, '-p', directory]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
