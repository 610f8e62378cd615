import { readFileSync } from 'node:fs';

/** Code block, optionally preceded by a line with a file name. */
export interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

/** Returns the code blocks of a document by heading. Blocks before the first heading are under ''. */
export function blocksOf(document: string): ReadonlyMap<string, readonly Block[]> {
  const sections = `## \n${readFileSync(document, 'utf8')}`.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [heading = ''] = section.split('\n', 1);
      const blocks = section.matchAll(/^(?:`([^`\n]+)`\n\n)?```(\w+)\n(.*?)^```$/gms);
      return [
        heading,
        Array.from(blocks, ([, file, language = '', text = '']) => ({ language, file, text })),
      ];
    }),
  );
}
