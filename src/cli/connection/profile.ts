import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../output/failure.js';
import type { Output } from '../output/terminal.js';

/** Settings of a profile file, by the option names of commander. */
export type Profile = Readonly<Record<string, string | readonly string[]>>;

interface Key {
  /** Option name of commander. */
  readonly option: string;
  readonly kind: 'text' | 'path' | 'paths';
}

const KEYS: Readonly<Record<string, Key>> = {
  address: { option: 'address', kind: 'text' },
  token: { option: 'token', kind: 'text' },
  tokenFile: { option: 'tokenFile', kind: 'path' },
  tokenCommand: { option: 'tokenCommand', kind: 'text' },
  ca: { option: 'ca', kind: 'path' },
  cert: { option: 'cert', kind: 'path' },
  key: { option: 'key', kind: 'path' },
  protos: { option: 'proto', kind: 'paths' },
  include: { option: 'include', kind: 'paths' },
  descriptors: { option: 'descriptors', kind: 'paths' },
};

/** Permission bits of group and others. */
const OTHERS = 0o077;

/** Default of `--profile` and LONGRUNNING_PROFILE, by the XDG Base Directory Specification. */
function defaultProfile(env: NodeJS.ProcessEnv): string {
  const { XDG_CONFIG_HOME: home } = env;
  // The specification says to ignore relative paths.
  const directory = home?.startsWith('/') ? home : join(homedir(), '.config');
  return join(directory, 'longrunning', 'profile.yaml');
}

/**
 * Reads the named profile, or the default one if it exists. Relative paths in it are resolved from its directory.
 *
 * @param named - file name; undefined selects the default profile.
 * @param stderr - receives a warning if others can read a file that has a token.
 * @throws UsageError if the file is unreadable or malformed.
 */
export async function readProfile(named: string | undefined, stderr: Output): Promise<Profile> {
  const file = named ?? defaultProfile(process.env);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (named === undefined && isAbsent(cause)) return {};
    throw new UsageError(`profile cannot be read: ${messageOf(cause)}`, { cause });
  }
  const { parse } = await import('yaml');
  const profile = settingsOf(file, parsed(file, text, parse));
  if (profile.token !== undefined) await warnOfReaders(file, stderr);
  return profile;
}

function isAbsent(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function parsed(file: string, text: string, parse: (text: string) => unknown): object {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (cause) {
    // The rest of the message quotes the file, which may have a token.
    const [fault] = messageOf(cause).split('\n');
    throw new UsageError(`profile ${file} is no YAML: ${fault?.replace(/:$/, '')}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`profile ${file} holds no settings: write lines such as "address: localhost:50051"`);
}

function settingsOf(file: string, settings: object): Profile {
  const entries = Object.entries(settings).map(([name, value]) => {
    const key = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    if (!key) {
      const known = Object.keys(KEYS).join(', ');
      throw new UsageError(`profile ${file}: "${name}" is unknown: write one of ${known}`);
    }
    return [key.option, setting(file, name, key, value)] as const;
  });
  return Object.fromEntries(entries);
}

function setting(file: string, name: string, { kind }: Key, value: unknown): string | readonly string[] {
  const values = kind === 'paths' && Array.isArray(value) ? value : [value];
  if (!values.every((each) => typeof each === 'string' && each !== '')) {
    const expected = kind === 'paths' ? 'a path, or a list of paths' : 'text that is not empty';
    throw new UsageError(`profile ${file}: "${name}" is not ${expected}: correct it, or leave it out`);
  }
  if (kind === 'text') return values[0] ?? '';
  const paths = values.map((path: string) => beside(file, path));
  return kind === 'paths' ? paths : (paths[0] ?? '');
}

/** Resolves a path from the profile. A missing file stays as written: it may be in an include directory. */
function beside(file: string, path: string): string {
  const whole = resolve(dirname(file), path);
  return existsSync(whole) ? whole : path;
}

async function warnOfReaders(file: string, stderr: Output): Promise<void> {
  const { mode } = await stat(file);
  // Windows has no such permission bits.
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return;
  stderr.write(`longrunning: profile ${file} has a token, and others can read it: chmod 600 ${file}\n`);
}
