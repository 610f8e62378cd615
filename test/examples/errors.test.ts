import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Code } from '../../src/core/status.js';

const ROOT = join(__dirname, '../..');

/** Texts in upper case that are no reasons: error codes of Node and of libraries, variables, health. */
const OTHERS = /^(?:(?:EAI|ERR|HPE|LONGRUNNING|GOOGLE)_\w+|MODULE_NOT_FOUND|NOT_SERVING)$/;

/** Reasons in the sources: texts in upper case with an underscore, except names of codes. */
function reasonsInCode(): string[] {
  const files = globSync('src/{client,core,gateway,schema,server,stores,testing}/**/*.ts', { cwd: ROOT });
  const texts = files.flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    return Array.from(source.matchAll(/'([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)'/g), ([, text = '']) => text);
  });
  return [...new Set(texts)].filter((text) => !(text in Code) && !OTHERS.test(text)).sort();
}

describe('docs/errors.md', () => {
  const rows = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| (`[^|]*) \|/gm);
  const listed = Array.from(rows, ([, cell = '']) =>
    Array.from(cell.matchAll(/`(\w+)`/g), ([, name]) => name),
  );

  it('has one entry for every reason of the code, and no other', () => {
    expect(listed.flat().sort()).toEqual(reasonsInCode());
  });
});
