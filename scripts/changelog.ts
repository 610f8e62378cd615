// CHANGELOG.md, as Keep a Changelog has it: a heading of the second level for each version, what is not yet released
// at the top.

const UNRELEASED = '## Unreleased';

/**
 * What is not yet released.
 *
 * @throws Error when there is nothing.
 */
export function unreleased(changelog: string): string {
  const [, section = ''] = changelog.split(`\n${UNRELEASED}\n`);
  const text = section.split(/^## /m)[0]?.trim() ?? '';
  if (text === '')
    throw new Error(`CHANGELOG.md tells of nothing under "${UNRELEASED}": write there what has changed`);
  return text;
}

/** The same with what was not yet released under a version, and room for what comes next. */
export function release(changelog: string, version: string, date: string): string {
  return changelog.replace(`\n${UNRELEASED}\n`, `\n${UNRELEASED}\n\n## ${version} (${date})\n`);
}
