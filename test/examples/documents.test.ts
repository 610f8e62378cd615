import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const DOCUMENTS = ['README.md', 'docs/client.md', 'docs/rest-mapping.md', 'docs/stores.md'];

const root = join(__dirname, '../..');
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const ambient = join(__dirname, 'documents/ambient.ts');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'longrunning-documents-'));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Writes each block of TypeScript to a module of its own; tells their files. */
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

/** What the compiler has to say of them. */
async function complaints(files: readonly string[]): Promise<string> {
  const config = { extends: join(root, 'tsconfig.json'), files: [ambient, ...files], include: [] };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config));
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', directory]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe('documents', () => {
  it(`${DOCUMENTS.join(', ')}: their code compiles`, async () => {
    const files = await Promise.all(DOCUMENTS.map(extract));
    expect(await complaints(files.flat())).toBe('');
  }, 300_000);
});
