// Completes package-lock.json for other platforms than this one. A package with native parts names one optional
// package per platform; npm leaves out those that the registry in use does not carry, and then `npm ci` refuses
// the file everywhere. Run it after `npm install`; it changes nothing where nothing is missing.

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

/** Whether a package is there for whoever is installed at `path`: below it, or below any folder around it. */
function isLocked(name: string, path: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

/** What npm would have written, but for the hash: the platform is told by the name. */
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
