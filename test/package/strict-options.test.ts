import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(__dirname, '../..');

/** Names of types that users write objects of. */
const WRITTEN = /(?:Options|Tls|Request|Script|Fault|Failure|Implementation|Policy|Result|Caller)$/;

/** Optional members of those types, in the reports of the API, that do not accept undefined. */
function refusingUndefined(): string[] {
  return globSync('etc/*.api.md', { cwd: ROOT }).flatMap((report) => {
    const declarations = readFileSync(join(ROOT, report), 'utf8').matchAll(
      /^export (?:interface|type) (\w+)[^\n]*\{\n(.*?)^\}/gms,
    );
    return Array.from(declarations).flatMap(([, name = '', members = '']) => {
      if (!WRITTEN.test(name)) return [];
      const lines = members.split('\n').filter((line) => /^ +(?:readonly )?\w+\?: .*;$/.test(line));
      return lines.filter((line) => !line.includes('undefined')).map((line) => `${name}: ${line.trim()}`);
    });
  });
}

describe('with the strictest options of TypeScript', () => {
  it('every option accepts undefined', () => {
    // They take what a record of the store or a response lacks.
    const exceptions = ['OperationResult'];
    expect(refusingUndefined().filter((line) => !exceptions.includes(line.split(':')[0] ?? ''))).toEqual([]);
  });

  it('the examples compile against the package', () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const project = join(__dirname, 'strict.tsconfig.json');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: ROOT, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
