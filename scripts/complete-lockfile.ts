// Completes package-lock.json for other platforms. A package with native code has one optional package per platform. npm
// omits those that the current registry does not have, and `npm ci` then rejects the file everywhere. Run this script after
// `npm install`; it changes nothing if nothing is missing.

import { readFileSync, writeFileSync } from 'node:fs';

interface LockedPackage {
  version?: string;
  dev?: true;
  optional?: true;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

interface Lockfile {
  packages: Record<string, LockedPackage>;
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos'];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
const { packages } = lockfile;
for (const [path, locked] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(locked.optionalDependencies ?? {})) {
    if (!isLocked(name, path)) packages[`node_modules/${name}`] = entryFor(name, range, locked);
  }
}
const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  'package-lock.json',
  `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
);

/** Returns true if a package at `path` can resolve `name`, in its own `node_modules` or in that of a parent folder. */
function isLocked(name: string, path: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

/** Entry that npm would have written, without the hash. The platform is derived from the name. */
function entryFor(name: string, range: string, parent: LockedPackage): LockedPackage {
  const words = name.split(/[-/]/);
  const os = words.some((word) => word === 'win32' || word === 'windows')
    ? ['win32']
    : words.filter((word) => SYSTEMS.includes(word));
  const arm = words.some((word) => /^armv|eabi/.test(word));
  const cpu = arm ? ['arm'] : words.filter((word) => PROCESSORS.includes(word));
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : [];
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(parent.dev ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}
