import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { run } from './command-line.js';

// Shells and the command line are separate processes, which are slow on a busy machine.
jest.setTimeout(300_000);

const MAIN = join(__dirname, '../../dist/src/cli/main.js');
const SHELLS = ['bash', 'zsh', 'fish'] as const;

const execute = promisify(execFile);

/** Completions that the program prints. */
async function complete(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(['complete', '--', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

const wordsOf = (lines: readonly string[]) => lines.map((line) => line.split('\t')[0]);

describe('completion › of the program', () => {
  it('lists commands with descriptions', async () => {
    const lines = await complete('');
    expect(wordsOf(lines)).toEqual(
      expect.arrayContaining(['serve', 'start', 'get', 'list', 'wait', 'cancel', 'completion', 'help']),
    );
    expect(wordsOf(lines)).not.toContain('complete');
    expect(await complete('ge')).toEqual(['get\tShows the current state of an operation.']);
  });

  it.each<[string[], (string | undefined)[]]>([
    [['get', '--ad'], ['--address']],
    [['--ad'], ['--address']],
    [
      ['--address', 'h:1', 'get', '--token-'],
      ['--token-file', '--token-command'],
    ],
    [['get', '--token', 'list', 'operations/a', '--js'], ['--json']],
    [['serve', '--log-level', 'de'], ['debug']],
    [['serve', '--log-level=de'], ['--log-level=debug']],
    // Split like in bash.
    [['serve', '--log-level', '=', 'de'], ['debug']],
    [['get', '--proto', ''], [':files']],
    [['get', '--proto', 'jobs.p'], [':files']],
    [['get', '--include', ''], [':directories']],
    [['--profile', ''], [':files']],
    [['completion', ''], [...SHELLS]],
    [['completion', 'bash', ''], []],
    [['help', 'ca'], ['cancel']],
    [['get', '--', '--ad'], []],
    [['gett', '--ad'], []],
    [['get', 'operations/a', ''], []],
    [['get', '--address', ''], []],
    [[], expect.arrayContaining(['get']) as never],
  ])('%j', async (words, expected) => {
    expect(wordsOf(await complete(...words))).toEqual(expected);
  });

  it('an unknown option as a value does not end the completion', async () => {
    expect(wordsOf(await complete('get', '--unknown', 'x', '--ad'))).toEqual(['--address']);
  });
});

let directory: string;
let env: NodeJS.ProcessEnv;

/** Resolves to the lines that a shell prints with the program in its path. */
async function shell(name: string, args: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await execute(name, [...args], { env, cwd: directory });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

const script = (name: string) => join(directory, `completion.${name}`);

async function bash(...words: string[]): Promise<string[]> {
  const quoted = ['longrunning', ...words].map((word) => `'${word}'`).join(' ');
  const test = `source ${script('bash')}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}
    complete -p longrunning >&3
    _longrunning longrunning; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return shell('bash', ['--norc', '-c', `exec 3>/dev/null; ${test}`]);
}

/** Replaces the functions of the completion system by functions that print their arguments. */
async function zsh(...words: string[]): Promise<string[]> {
  const quoted = ['longrunning', ...words].map((word) => `'${word}'`).join(' ');
  const test = `compdef() { registered=$1 }
    _describe() { print -rl -- "\${candidates[@]}" }
    _files() { print -r -- "files $*" }
    source ${script('zsh')}
    [[ $registered == _longrunning ]] || exit 1
    words=(${quoted}); CURRENT=${words.length + 1}; _longrunning`;
  return shell('zsh', ['-f', '-c', test]);
}

const fish = (line: string) =>
  shell('fish', ['--no-config', '-c', `source ${script('fish')}; complete -C '${line}'`]);

const installed = (name: string) => spawnSync(name, ['-c', 'true'], { stdio: 'ignore' }).status === 0;

/** Skips, visibly, tests of shells that are not installed. */
const itIn = (name: string) => (installed(name) ? it : it.skip);

// At the top level, so that the files are removed before test/helpers/no-leaks.ts checks.
describe('completion › in a shell', () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'longrunning-completion-'));
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'longrunning'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, {
      mode: 0o755,
    });
    env = { PATH: [bin, process.env.PATH].join(delimiter), HOME: directory, TERM: 'dumb' };
    if (process.env.LD_LIBRARY_PATH !== undefined) env.LD_LIBRARY_PATH = process.env.LD_LIBRARY_PATH;
    mkdirSync(join(directory, 'protos dir'));
    writeFileSync(join(directory, 'jobs.proto'), '');
    for (const name of SHELLS) {
      const { code, stdout, stderr } = await run(['completion', name]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      writeFileSync(script(name), stdout);
    }
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  itIn('bash')('bash: commands, options, values, files and directories', async () => {
    expect(await bash('ge')).toEqual(['get']);
    expect(await bash('')).toEqual(expect.arrayContaining(['serve', 'get', 'completion']));
    expect(await bash('get', '--ad')).toEqual(['--address']);
    expect(await bash('serve', '--log-level', '=', 'de')).toEqual(['debug']);
    expect(await bash('get', '--proto', 'jo')).toEqual(['jobs.proto']);
    expect(await bash('get', '--proto', '=', 'jo')).toEqual(['jobs.proto']);
    expect(await bash('get', '--include', 'pro')).toEqual(['protos dir']);
  });

  itIn('zsh')('zsh: commands, options with colons in what they do, files and directories', async () => {
    expect(await zsh('ge')).toEqual(['get:Shows the current state of an operation.']);
    expect(await zsh('get', '--ad')).toEqual(['--address:where the server is']);
    expect(await zsh('completion', '')).toEqual(['bash:', 'zsh:', 'fish:']);
    expect(await zsh('get', '--proto', 'jo')).toEqual(['files ']);
    expect(await zsh('get', '--include', 'jo')).toEqual(['files -/']);
  });

  itIn('fish')('fish: commands, options, files and directories', async () => {
    expect(await fish('longrunning ge')).toEqual(['get\tShows the current state of an operation.']);
    expect(await fish('longrunning get --ad')).toEqual(['--address\twhere the server is']);
    expect(wordsOf(await fish('longrunning get --proto jo'))).toEqual(['jobs.proto']);
    expect(wordsOf(await fish('longrunning get --include pro'))).toEqual(['protos dir/']);
  });

  it('an unknown shell: exit code 2, listing the supported ones', async () => {
    const { code, stderr } = await run(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed choices are bash, zsh, fish');
  });
});
