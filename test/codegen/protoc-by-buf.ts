// Stands in for protoc where that is not installed: node protoc-by-buf.ts ARGUMENTS OF protoc

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const given = process.argv.slice(2);
const includes = given.filter((_, index) => given[index - 1] === '-I');
const others = given.filter((arg, index) => arg !== '-I' && given[index - 1] !== '-I');

// protoc takes a file from the first include path that has it; buf refuses one that two of them have.
const merged = mkdtempSync(join(tmpdir(), 'longrunning-includes-'));
try {
  for (const include of includes) cpSync(include, merged, { recursive: true, force: false });
  const args = others.map((arg) => (arg.endsWith('.proto') ? join(merged, inInclude(arg)) : arg));
  execFileSync('buf', ['alpha', 'protoc', '-I', merged, ...args], { stdio: 'inherit' });
} finally {
  rmSync(merged, { recursive: true });
}

/** The name that imports have for a file. */
function inInclude(file: string): string {
  const include = includes.find((candidate) => !relative(candidate, file).startsWith('..'));
  if (include === undefined) throw new Error(`${file} is in no include path: give one by -I`);
  return relative(include, file);
}
