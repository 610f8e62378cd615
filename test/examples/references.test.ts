import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PAGES } from './documents/pages.js';

const ROOT = join(__dirname, '../..');

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Removes code blocks from a document. */
function prose(document: string): string {
  return read(document).replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

/** Anchors of a document's headings in GitHub's format. */
function anchors(document: string): string[] {
  return [...prose(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Reason for which a link of a document is broken. Undefined for valid links and links to other sites. */
function fault(document: string, link: string): string | undefined {
  if (/^https?:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(ROOT, file))) return `${document}: ${link}: no such file`;
  if (anchor === undefined || anchors(file).includes(anchor)) return undefined;
  return `${document}: ${link}: no such heading`;
}

const DOCUMENTS = ['.', 'docs', 'docs/decisions']
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith('.md'));

/** Paths that a line of a document names. A bare `x.ts` is in the folder of the preceding path. */
function pathsOf(line: string): string[] {
  let folder = '';
  return [...line.matchAll(/`([\w./-]+)`/g)].flatMap(([, name = '']) => {
    if (/^(?:src|test|scripts|docs|examples|bench|generated|protos)(?:\/|$)/.test(name)) {
      folder = name.endsWith('/') ? name : dirname(name);
      return [name];
    }
    return /^[\w-]+\.ts$/.test(name) && folder !== '' ? [join(folder, name)] : [];
  });
}

describe('documents', () => {
  it('each link leads to a file that is there, and to a heading of it', () => {
    expect(DOCUMENTS).toEqual(expect.arrayContaining(['README.md', 'docs/client.md']));
    const faults = DOCUMENTS.flatMap((document) =>
      [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => fault(document, link)),
    );
    expect(faults.filter((found) => found !== undefined)).toEqual([]);
  });
});

describe.each(['CONTRIBUTING.md', 'docs/architecture.md', 'SECURITY.md'])('%s', (document) => {
  it('each path is there', () => {
    const paths = read(document).split('\n').flatMap(pathsOf);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

// https://llmstxt.org: a title, a summary, and sections with one link and description per line.
describe('llms.txt', () => {
  const [title, summary, , ...sections] = read('llms.txt').split(/\n\n/);
  const entries = sections.flatMap((section) => section.trimEnd().split('\n')).filter((line) => line !== '');
  const links = entries.flatMap((line) => /^- \[[^\]]+\]\(([^)]+)\): \S/.exec(line)?.[1] ?? []);

  it('has the format of llmstxt.org', () => {
    expect(title).toBe('# longrunning');
    expect(summary).toMatch(/^> /);
    expect(entries.filter((line) => !line.startsWith('## '))).toHaveLength(links.length);
  });

  it('links to every page, once, and to nothing else than files that are there', () => {
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
    expect(links.filter((link) => link in PAGES).sort()).toEqual(Object.keys(PAGES).sort());
  });

  it('stays in the repository, as the pages do', () => {
    const { files } = JSON.parse(read('package.json')) as { readonly files: readonly string[] };
    expect(files.filter((file) => file.startsWith('docs') || file === 'llms.txt')).toEqual([]);
  });
});

describe('docs/decisions', () => {
  const pages = readdirSync(join(ROOT, 'docs/decisions'))
    .filter((name) => name !== 'README.md')
    .sort();

  it('each path is there', () => {
    const paths = pages.flatMap((page) => read(`docs/decisions/${page}`).split('\n').flatMap(pathsOf));
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('pages are numbered without gaps, dated, and listed in the index', () => {
    const numbers = pages.map((page) => Number(/^(\d{4})-[a-z-]+\.md$/.exec(page)?.[1]));
    expect(numbers).toEqual(pages.map((_, index) => index + 1));
    for (const page of pages) expect(read(`docs/decisions/${page}`)).toMatch(/^Date: \d{4}-\d\d-\d\d$/m);
    const index = [...read('docs/decisions/README.md').matchAll(/\]\(([^)]+)\)/g)];
    expect(index.map(([, page]) => page)).toEqual(pages);
  });
});

describe('docs/architecture.md', () => {
  it('the table of layers and the rules that are checked have every folder of src', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    const table = [...read('docs/architecture.md').matchAll(/^\| `src\/([\w-]+)(?:\/\*)?` \|/gm)];
    expect(table.map(([, folder]) => folder).sort()).toEqual(folders);

    const rules = createRequire(__filename)('../../.dependency-cruiser.cjs') as {
      readonly forbidden: readonly { readonly name: string }[];
    };
    const checked = rules.forbidden.flatMap(({ name }) => /^layer \^src\/([\w-]+)\/$/.exec(name)?.[1] ?? []);
    expect(checked.sort()).toEqual(folders);
  });
});
