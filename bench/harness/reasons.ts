import { readFileSync } from 'node:fs';
import type { CaseResult } from './result.ts';

const REASONS = readReasons(readFileSync(new URL('../reasons.md', import.meta.url), 'utf8'));

/** The reasons of a document that has one heading of the second level for each case, by case. */
export function readReasons(document: string): ReadonlyMap<string, string> {
  const [, ...sections] = document.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end).trim()] as const;
    }),
  );
}

/** The names of the cases that fall short for a reason that nobody has written down. */
export function shortWithoutReason(results: readonly CaseResult[], reasons = REASONS): string[] {
  return short(results)
    .map((result) => result.case.name)
    .filter((name) => !reasons.get(name));
}

/** Each case that falls short, and why. */
export function shortfalls(results: readonly CaseResult[], reasons = REASONS): string {
  const lines = short(results).map(({ case: { name, goal }, ratio }) => {
    const reason = reasons.get(name) || 'The reason has not been found yet.';
    return `- \`${name}\`, ${ratio.median.toPrecision(3)} where ${goal?.bound} ${goal?.ratio} is the goal: ${reason.replace(/\n+/g, '\n  ')}`;
  });
  return lines.length === 0 ? 'Every case with a goal meets it.' : lines.join('\n');
}

function short(results: readonly CaseResult[]): CaseResult[] {
  return results.filter(({ verdict }) => verdict === 'short of goal');
}
