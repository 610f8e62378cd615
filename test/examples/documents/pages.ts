import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../../..');

/** Pages of the documentation, with the most words that each may have (as `wc -w` counts them). */
export const PAGES: Readonly<Record<string, number>> = {
  'README.md': 700,
  'docs/architecture.md': 2_500,
  'docs/authorization.md': 1_000,
  'docs/benchmarks.md': 3_700,
  'docs/client.md': 1_600,
  'docs/codegen.md': 1_150,
  'docs/command-line.md': 1_000,
  'docs/contract.md': 1_300,
  'docs/custom-store.md': 1_400,
  'docs/databases.md': 1_250,
  'docs/deployment.md': 950,
  'docs/errors.md': 1_500,
  'docs/faq.md': 1_100,
  'docs/filters.md': 950,
  'docs/google-gax.md': 500,
  'docs/limits.md': 1_050,
  'docs/observability.md': 1_050,
  'docs/operations.md': 1_200,
  'docs/packaging.md': 700,
  'docs/rest-mapping.md': 1_750,
  'docs/scaling.md': 550,
  'docs/server.md': 1_800,
  'docs/stores.md': 1_550,
  'docs/testing.md': 1_600,
  'docs/tutorial.md': 1_200,
};

/** Pages on disk, without the decisions and the generated API reference. */
export function pagesOnDisk(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return ['README.md', ...docs].sort();
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** Code block of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Language after the opening fence; empty if there is none. */
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Reason in a comment `<!-- not run: … -->` before the block. The block is then only compiled or parsed. */
  readonly notRun: string | undefined;
}

/** Returns the code blocks of a page in order, also those inside list items. */
export function blocksOf(page: string): CodeBlock[] {
  const text = readPage(page);
  const fenced = /^(?:<!-- not run: ([^\n]+) -->\n\n?)?( *)```(\w*)\n(.*?)^ *```$/gms;
  return Array.from(
    text.matchAll(fenced),
    ({ index, 1: notRun, 2: indent = '', 3: language = '', 4: body = '' }) => ({
      page,
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, index).split('\n').length + (notRun === undefined ? 0 : 1),
      notRun,
    }),
  );
}
