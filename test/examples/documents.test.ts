import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complaints, linkPackages } from '../helpers/compiler.js';

const DOCUMENTS = [
  'README.md',
  'docs/client.md',
  'docs/rest-mapping.md',
  'docs/stores.md',
  'docs/testing.md',
  'docs/custom-store.md',
  'docs/operations.md',
  'docs/authorization.md',
];

const root = join(__dirname, '../..');
const ambient = join(__dirname, 'documents/ambient.ts');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longrunning-documents-'));
  linkPackages(directory);
  // Code of documents is stored next to them, as in `examples`.
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  await copyFile(join(root, 'examples/journal-store.ts'), join(directory, 'journal-store.ts'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Writes each TypeScript block to a separate module and returns the files. */
async function extract(document: string): Promise<string[]> {
  const text = await readFile(join(root, document), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  if (blocks.length === 0) throw new Error(`${document} has no code`);
  const files = blocks.map((_, index) => `${document.replaceAll(/\W/g, '-')}-${index + 1}.mts`);
  for (const [index, [, block]] of blocks.entries()) {
    await writeFile(join(directory, files[index] ?? ''), `${block}export {};\n`);
  }
  return files;
}

describe('documents', () => {
  it(`${DOCUMENTS.join(', ')}: their code compiles`, async () => {
    const files = await Promise.all(DOCUMENTS.map(extract));
    expect(await complaints(directory, [ambient, ...files.flat()])).toBe('');
  }, 300_000);
});
