import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProfile } from '../../src/cli/connection/profile.js';
import { loadSchema } from '../../src/schema/index.js';
import { parseScript } from '../../src/testing/script/script.js';
import { Serving } from '../cli/command-line.js';
import { complaints } from '../helpers/compiler.js';
import { createDatabase } from '../helpers/postgres-database.js';
import { freePort, installInto } from './documents/installed.js';
import { blocksOf, type CodeBlock, PAGES, pagesOnDisk, ROOT, readPage } from './documents/pages.js';
import { Shell } from './documents/shell.js';

/** Upper bound on the words of all pages together. */
const MAX_WORDS = 30_500;

/** Pages whose blocks depend on each other. A test follows each from top to bottom. */
const FOLLOWED: Readonly<Record<string, string>> = {
  'README.md': 'test/examples/stories.test.ts',
  'docs/codegen.md': 'test/codegen/recipes.test.ts',
  'docs/tutorial.md': 'test/examples/stories.test.ts',
};

/** Number of blocks in other languages than TypeScript, JavaScript and shell, with the test that checks them. */
const CHECKED_ELSEWHERE: Readonly<Record<string, Readonly<Record<string, readonly [number, string]>>>> = {
  'docs/architecture.md': { mermaid: [2, 'test/examples/references.test.ts'] },
  'docs/authorization.md': { yaml: [1, 'test/testing/auth-file.test.ts'] },
  'docs/command-line.md': { yaml: [1, 'test/examples/documents.test.ts'] },
  'docs/databases.md': { sql: [1, 'test/stores/postgres/refusals.test.ts'] },
  'docs/deployment.md': { yaml: [2, 'test/examples/deployment.test.ts'] },
  'docs/filters.md': { '': [1, 'test/filter/parse.test.ts'] },
  'docs/rest-mapping.md': { console: [4, 'test/examples/rest-mapping.test.ts'] },
  'docs/testing.md': { yaml: [1, 'test/examples/documents.test.ts'] },
};

/** Commands that need a server, if the block does not start one itself. */
const CALLS_A_SERVER =
  /^(?![\s\S]*longrunning serve)(?:npx )?longrunning (?:get|list|cancel|delete|start|wait|watch)/m;

const RUN = ['ts', 'js', 'sh'];
const pages = Object.keys(PAGES);
const isFollowed = ({ page, language }: CodeBlock) =>
  page in FOLLOWED && !(page === 'README.md' && language === 'ts');
const blocks = pages.flatMap(blocksOf).filter((block) => !isFollowed(block));
const place = ({ page, line }: CodeBlock) => `${page}:${line}`;
const code = blocks.filter(({ language }) => language === 'ts' || language === 'js');
const isNodeTest = ({ text }: CodeBlock) => text.includes("from 'node:test'");
const isTest = ({ text }: CodeBlock) => text.includes("from '@jest/globals'") && /^it\(/m.test(text);

describe('pages', () => {
  // Generated references and the lines of tables do not count.
  const written = (page: string) => readPage(page).replace(/<!-- begin: [\s\S]*<!-- end: /g, '');
  const words = (page: string) =>
    written(page)
      .split(/\s+/)
      .filter((word) => /\w/.test(word)).length;

  it('each has a limit of words', () => {
    expect(pagesOnDisk()).toEqual(pages.toSorted());
  });

  it.each(Object.entries(PAGES))('%s has at most %i words', (page, limit) => {
    expect(words(page)).toBeLessThanOrEqual(limit);
  });

  it(`have at most ${MAX_WORDS} words together`, () => {
    expect(pages.map(words).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(MAX_WORDS);
  });

  it.each(pages.filter((page) => page !== 'README.md'))('%s says first for whom it is', (page) => {
    expect(readPage(page).split('\n\n')[1]).toMatch(/^(?:For|A reference for|Reference for) /);
  });
});

describe('code blocks', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'longrunning-documents-'));
    installInto(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('each is run here, or checked by a test that names its page', () => {
    const others = blocks.filter(({ language }) => !RUN.includes(language));
    const found = Object.groupBy(others, ({ page, language }) => `${page} ${language}`);
    const counts = Object.entries(found).map(([key, list]) => [key, list?.length]);
    const expected = Object.entries(CHECKED_ELSEWHERE).flatMap(([page, languages]) =>
      Object.entries(languages).map(([language, [count]]) => [`${page} ${language}`, count]),
    );
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(expected));
    for (const [page, test] of [
      ...Object.entries(FOLLOWED),
      ...Object.entries(CHECKED_ELSEWHERE).flatMap(([page, languages]) =>
        Object.values(languages).map(([, test]) => [page, test] as const),
      ),
    ]) {
      expect(readFileSync(join(ROOT, test), 'utf8')).toContain(page);
    }
  });

  it('TypeScript compiles under strict settings', async () => {
    const modules = code.filter(({ language }) => language === 'ts');
    const files = modules.map((block) => moduleName(block, 'mts'));
    for (const [index, { text }] of modules.entries()) {
      writeFileSync(join(directory, files[index] ?? ''), `${text}export {};\n`);
    }
    expect(await complaints(directory, [join(__dirname, 'documents/ambient.ts'), ...files])).toBe('');
  });

  it('TypeScript and JavaScript run, unless a comment says why not', async () => {
    const run = code.filter((block) => block.notRun === undefined && !isTest(block) && !isNodeTest(block));
    const folder = join(directory, 'run');
    mkdirSync(folder);
    installInto(folder);
    const modules = run.map((block) => ({
      file: moduleName(block, block.language === 'ts' ? 'mts' : 'mjs'),
      text: block.text,
    }));
    writeFileSync(join(folder, 'blocks.json'), JSON.stringify(modules));
    await using database = await createDatabase();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(__dirname, 'documents/run-blocks.ts'), folder],
      { env: { ...process.env, DATABASE_URL: database.url } },
    );
    const results = stdout
      .split('\n')
      .filter((line) => line.startsWith('{"file"'))
      .map((line): { file: string; error?: string } => JSON.parse(line));
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(results.map(({ file }) => file)).toEqual(modules.map(({ file }) => file));
  });

  it('tests pass with Jest', async () => {
    const folder = join(directory, 'jest');
    mkdirSync(folder);
    installInto(folder);
    writeFileSync(join(folder, 'package.json'), '{"type":"module","jest":{"transform":{}}}');
    const tests = code.filter(isTest);
    for (const block of tests) {
      const source = stripTypeScriptTypes(block.text, { mode: 'transform' });
      writeFileSync(join(folder, moduleName(block, 'test.js')), source);
    }
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { stderr } = await promisify(execFile)(
      process.execPath,
      ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--rootDir', folder],
      { cwd: folder, env: plainEnvironment() },
    );
    expect(stderr).toContain(`Tests:       ${tests.length} passed`);
  });

  it('tests pass with node:test', async () => {
    const folder = join(directory, 'node-test');
    mkdirSync(folder);
    installInto(folder);
    const files = code.filter(isNodeTest).map((block) => {
      const file = join(folder, moduleName(block, 'test.mts'));
      writeFileSync(file, block.text);
      return file;
    });
    await promisify(execFile)(process.execPath, ['--test', ...files], {
      cwd: folder,
      env: plainEnvironment(),
    });
  });

  it('the profile of docs/command-line.md is valid', async () => {
    const [profile] = blocksOf('docs/command-line.md').filter(({ language }) => language === 'yaml');
    const file = join(directory, 'profile.yaml');
    writeFileSync(file, profile?.text ?? '');
    const warnings: string[] = [];
    const read = await readProfile(file, new Writable({ write: (chunk) => warnings.push(String(chunk)) }));
    expect(Object.keys(read).length).toBeGreaterThan(2);
    expect(warnings).toEqual([]);
  });

  it('scripts of docs/testing.md are valid', async () => {
    const scripts = blocksOf('docs/testing.md').filter(({ language }) => language === 'yaml');
    const schema = await loadSchema({
      files: ['acme/jobs/v1/jobs.proto'],
      includeDirs: [join(__dirname, 'documents/files')],
    });
    expect(scripts.length).toBeGreaterThan(0);
    for (const { text } of scripts) expect(parseScript(text, { file: 'jobs.yaml', schema })).toBeDefined();
  });

  const commands = blocks.filter(({ language }) => language === 'sh');
  it.each(commands.map((block) => [place(block), block] as const))(
    'shell commands run: %s',
    async (_, block) => {
      if (block.notRun !== undefined) {
        await promisify(execFile)('bash', ['-n', '-c', block.text]);
        return;
      }
      const folder = mkdtempSync(join(directory, 'shell-'));
      installInto(folder);
      cpSync(join(__dirname, 'documents/files'), folder, { recursive: true });
      if (CALLS_A_SERVER.test(block.text)) {
        await using serving = await Serving.start();
        await new Shell(folder, serving.address).run(block.text);
      } else await new Shell(folder, `127.0.0.1:${await freePort()}`).run(block.text);
    },
  );
});

function moduleName({ page, line }: CodeBlock, extension: string): string {
  return `${basename(page, '.md')}-${line}.${extension}`;
}

/** Environment without the variables by which a child of a test runner recognizes its parent. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, JEST_WORKER_ID: __, ...rest } = process.env;
  return { ...rest, METADATA_SERVER_DETECTION: 'none' };
}
