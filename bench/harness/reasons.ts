import { readFileSync } from 'node:fs';
import type { StoredResult } from './result.ts';

const REASONS = readReasons(readFileSync(new URL('../reasons.md', import.meta.url), 'utf8'));

/** Reads a document with one second-level heading per case. @returns the reasons by name of the case. */
export function readReasons(document: string): ReadonlyMap<string, string> {
  const [, ...sections] = document.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end).trim()] as const;
    }),
  );
}

/** Names of the cases that miss their goal and have no reason in `bench/reasons.md`. */
export function shortWithoutReason(results: readonly StoredResult[], reasons = REASONS): string[] {
  return short(results)
    .map((result) => result.case.name)
    .filter((name) => !reasons.get(name));
}

/** The cases that miss their goal, with the reasons. */
export function shortfalls(results: readonly StoredResult[], reasons = REASONS): string {
  const lines = short(results).map(({ case: { name, goal }, ratio }) => {
    const reason = reasons.get(name) || 'The reason has not been found yet.';
    return `- \`${name}\`: ${ratio.median.toPrecision(3)}, goal ${goal?.bound} ${goal?.ratio}. ${reason.replace(/\n+/g, '\n  ')}`;
  });
  return lines.length === 0 ? 'All goals are met.' : lines.join('\n');
}

function short(results: readonly StoredResult[]): StoredResult[] {
  return results.filter(({ verdict }) => verdict === 'short of goal');
}
