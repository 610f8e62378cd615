// Follows pages from top to bottom, as a reader does in an empty directory: saves the files, runs the commands in one shell and
// compares what they print.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { freePort, installInto } from './documents/installed.js';
import { blocksOf, type CodeBlock, readPage } from './documents/pages.js';
import { Shell } from './documents/shell.js';

const MARK = '=== line ';

describe.each(['README.md', 'docs/tutorial.md'])('%s', (page) => {
  it('works from top to bottom', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'longrunning-story-'));
    try {
      installInto(directory);
      const steps = blocksOf(page).map((block) => ({ block, file: fileOf(page, block) }));
      const script = steps.map(({ block, file }) => commandsOf(block, file)).join('\n');
      const output = await new Shell(directory, `127.0.0.1:${await freePort()}`).run(script);
      const printed = new Map(output.split(MARK).map((part) => [Number.parseInt(part, 10), part]));
      let previous = 0;
      for (const { block } of steps) {
        if (block.language === 'sh') previous = block.line;
        if (block.language !== 'text') continue;
        for (const line of block.text.trimEnd().split('\n')) expect(printed.get(previous)).toContain(line);
      }
      if (page === 'README.md') expect(output).toMatch(/operations\/\w+ was cancelled\n/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

/** Name of the file in which the reader saves a block: in code on the line before, or in "Save this as". */
function fileOf(page: string, { line }: CodeBlock): string | undefined {
  const before = readPage(page)
    .split('\n')
    .slice(0, line - 1)
    .join('\n');
  return /(?:^|Save this as )`([\w.-]+\.\w+)`[^`]*$/m.exec(before.split(/^```$/m).at(-1) ?? '')?.[1];
}

function commandsOf({ language, text, line }: CodeBlock, file: string | undefined): string {
  if (language === 'sh') return `echo '${MARK}${line}'\n${text}`;
  if (file === undefined) return '';
  return `cat > ${file} <<'END OF FILE'\n${text}END OF FILE`;
}
