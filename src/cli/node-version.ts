// This file is read by every Node, however old: it uses nothing that an old one does not know.

/**
 * Says that this Node is too old, in one line; undefined when it is not.
 *
 * @param version - such as `20.20.2`, from `process.versions.node`.
 * @param range - such as `>=22.13`, from `engines.node` of package.json.
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
