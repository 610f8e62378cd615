// Old versions of Node must be able to run this file.

/**
 * Returns an error message if this version of Node is too old; else undefined.
 *
 * @param version - `process.versions.node`, such as `20.20.2`.
 * @param range - `engines.node` of package.json, such as `>=22.13`.
 */
export function nodeTooOld(version: string, range: string): string | undefined {
  const needed = range.replace('>=', '');
  return isOlder(version.split('.').map(Number), needed.split('.').map(Number))
    ? `longrunning: Node.js ${version} is too old: use Node.js ${needed} or newer`
    : undefined;
}

function isOlder(version: readonly number[], needed: readonly number[]): boolean {
  for (let part = 0; part < needed.length; part++) {
    const difference = Number(version[part]) - Number(needed[part]);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
