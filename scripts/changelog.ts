// CHANGELOG.md in the format of Keep a Changelog: a second-level heading for each version, unreleased changes first.

const UNRELEASED = '## Unreleased';

/**
 * Returns the unreleased changes.
 *
 * @throws Error if there are none.
 */
export function unreleased(changelog: string): string {
  const [, section = ''] = changelog.split(`\n${UNRELEASED}\n`);
  const text = section.split(/^## /m)[0]?.trim() ?? '';
  if (text === '')
    throw new Error(`CHANGELOG.md tells of nothing under "${UNRELEASED}": write there what has changed`);
  return text;
}

/** Moves the unreleased changes under a version and leaves an empty section for new ones. */
export function release(changelog: string, version: string, date: string): string {
  return changelog.replace(`\n${UNRELEASED}\n`, `\n${UNRELEASED}\n\n## ${version} (${date})\n`);
}
