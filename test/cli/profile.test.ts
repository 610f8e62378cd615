import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { running, startScriptedServer } from '../client/scripted-server.js';
import { Running, run } from './command-line.js';

// Some commands are separate processes, which are slow on a busy machine.
jest.setTimeout(300_000);

const NAME = 'operations/1';
const FIXTURES = join(__dirname, 'fixtures');

let directory: string;
let server: Awaited<ReturnType<typeof startScriptedServer>>;
/** Headers of the calls so far. */
let authorizations: unknown[];
const before = { ...process.env };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'longrunning-profile-'));
  authorizations = [];
  server = await startScriptedServer({
    getOperation: ({ metadata }) => {
      authorizations.push(metadata.get('authorization')[0]);
      return running();
    },
  });
});
afterEach(async () => {
  for (const name of ['XDG_CONFIG_HOME', 'LONGRUNNING_TOKEN', 'LONGRUNNING_ADDRESS', 'LONGRUNNING_PROFILE']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string, mode = 0o600): string {
  const file = join(directory, name);
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
  return file;
}

/** Writes the default profile, by the XDG Base Directory Specification. */
function writeDefault(text: string, mode?: number): string {
  mkdirSync(join(directory, 'longrunning'), { recursive: true });
  process.env.XDG_CONFIG_HOME = directory;
  return write('longrunning/profile.yaml', text, mode);
}

describe('--token-file', () => {
  it('is sent without its trailing newline, and read again for each command', async () => {
    const file = write('token', 'first\n');
    const settings = { address: server.address };
    expect(await run(['get', NAME, '--token-file', file], settings)).toMatchObject({ code: 0 });
    write('token', 'second\r\n');
    expect(await run(['get', NAME, '--token-file', file], settings)).toMatchObject({ code: 0 });
    expect(authorizations).toEqual(['Bearer first', 'Bearer second']);
  });

  it.each([
    ['missing', undefined, 'the file of --token-file cannot be read: '],
    ['empty', '\n', 'the file of --token-file is empty: '],
  ])('%s: exit code 2', async (_, text, message) => {
    const file = text === undefined ? '/missing/token' : write('token', text);
    const { code, stderr } = await run(['get', NAME, '--token-file', file], { address: server.address });
    expect({ code, calls: authorizations }).toEqual({ code: 2, calls: [] });
    expect(stderr).toContain(message);
  });

  it.each([
    ['get', NAME],
    ['start', 'Reports/ExportReport'],
  ])('with a line break inside: %s says so, and quotes no part of it', async (...args) => {
    const file = write('token', 'se\ncret');
    const { code, stderr } = await run([...args, '--token-file', file], { address: server.address });
    expect(code).toBe(5);
    expect(stderr).toMatch(/^longrunning: UNAUTHENTICATED: [^\n]*U\+000A as character 3[^\n]*\n$/);
    expect(stderr).not.toMatch(/cret/);
  });
});

/** Resolves when a process has ended. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(10);
  }
}

describe('--token-command', () => {
  it('runs in a shell, once for many calls, and its output is sent', async () => {
    const runs = join(directory, 'runs');
    const command = `echo run >> ${runs}; echo "to""ken"`;
    const { code, stderr } = await run(['cancel', NAME, '--token-command', command], {
      address: server.address,
    });
    // The scripted server has no CancelOperation; GetOperation was called before and after it.
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('UNIMPLEMENTED') });
    expect(authorizations).toEqual(['Bearer token', 'Bearer token']);
    expect(readFileSync(runs, 'utf8')).toBe('run\n');
  });

  it.each([
    ['fails', 'echo secret; echo "not logged in" >&2; exit 3', 'failed (exit code 3): not logged in'],
    ['prints nothing', 'true', 'printed nothing: let it print a token'],
    ['does not exist', 'longrunning-no-such-command', 'failed (exit code 127)'],
  ])('%s: exit code 5, says why, and sends nothing', async (_, command, message) => {
    const { code, stderr } = await run(['get', NAME, '--token-command', command], {
      address: server.address,
    });
    expect({ code, calls: authorizations }).toEqual({ code: 5, calls: [] });
    expect(stderr).toContain(`--token-command ${message}`);
    expect(stderr).toMatch(/^longrunning: UNAUTHENTICATED: [^\n]+\n$/);
    expect(stderr).not.toContain('secret');
  });

  it.each([
    ['get', NAME],
    ['start', 'Reports/ExportReport'],
  ])('that hangs: %s ends by --timeout, and the command with it', async (...args) => {
    const pid = join(directory, 'pid');
    const command = `echo $$ > ${pid}; exec sleep 600`;
    const settings = { address: server.address };
    const { code } = await run([...args, '--timeout', '300ms', '--token-command', command], settings);
    expect(code).toBe(5);
    await expect(gone(Number(readFileSync(pid, 'utf8')))).resolves.toBeUndefined();
  });

  it('is never sent in plain text to another machine', async () => {
    const args = ['get', NAME, '--address', 'api.example:1', '--insecure', '--token-command', 'echo x'];
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('in plain text') });
  });
});

describe('invalid tokens', () => {
  it('an empty LONGRUNNING_TOKEN: the message names the variable', async () => {
    process.env.LONGRUNNING_TOKEN = '';
    expect(await run(['get', NAME], { address: server.address })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'longrunning: LONGRUNNING_TOKEN is empty: set it to the value of --token, or unset it\n',
    });
  });

  it('an empty --token: a usage error', async () => {
    const { code, stderr } = await run(['get', NAME, '--token', ''], { address: server.address });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'longrunning: --token is empty: give a token, or leave it out\n',
    });
  });

  it.each(['secret\n', 'sec\nret'])(
    'a LONGRUNNING_TOKEN %j: says what is wrong, in one line',
    async (token) => {
      process.env.LONGRUNNING_TOKEN = token;
      const { code, stderr } = await run(['get', NAME], { address: server.address });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^longrunning: token (?:ends with a line break|has a character)[^\n]+\n$/);
      expect(stderr).not.toMatch(/sec/);
    },
  );

  it.each([
    ['--token', 'a', '--token-file', 'b'],
    ['--token-file', 'a', '--token-command', 'b'],
  ])('%s with %s %s: one of them', async (...args) => {
    const { code, stderr } = await run(['get', NAME, ...args], { address: server.address });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        new RegExp(
          `^longrunning: option '${args[2]} <.+>' cannot be used with option '${args[0]} <.+>'[^\n]+\n$`,
        ),
      ),
    });
  });
});

describe('the profile', () => {
  it('gives address, token and protos', async () => {
    const protos = `protos: [jobs.proto]\ninclude: ${FIXTURES}\n`;
    writeDefault(`address: ${server.address}\ntoken: of-profile\n${protos}`);
    expect(await run(['get', NAME])).toMatchObject({ code: 0, stderr: '' });
    expect(authorizations).toEqual(['Bearer of-profile']);
    const { code, stderr } = await run(['start', 'Jobs/Hnag']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Jobs/Hang') });
  });

  it('has lower precedence than command line and environment, for every kind of token', async () => {
    const file = write('token', 'of-file');
    writeDefault(`address: ${server.address}\ntoken: of-profile\n`);
    process.env.LONGRUNNING_ADDRESS = server.address;
    expect(await run(['get', NAME])).toMatchObject({ code: 0 });
    process.env.LONGRUNNING_TOKEN = 'of-environment';
    expect(await run(['get', NAME])).toMatchObject({ code: 0 });
    expect(await run(['get', NAME, '--token-file', file])).toMatchObject({ code: 0 });
    expect(await run(['--token', 'early', 'get', NAME])).toMatchObject({ code: 0 });
    expect(await run(['get', NAME, '--token-command', 'echo of-command'])).toMatchObject({ code: 0 });
    expect(authorizations).toEqual(
      ['of-profile', 'of-environment', 'of-file', 'early', 'of-command'].map((token) => `Bearer ${token}`),
    );
  });

  it.each(['token: secret', 'tokenFile: missing', 'tokenCommand: touch ran; echo secret'])(
    'another address than its own: %j is not sent there, nor read or run, and a line says so',
    async (token) => {
      const file = write('own.yaml', `address: api.example.com:443\n${token}\n`);
      const advice = 'give --token, --token-file or --token-command, or a --profile with that address';
      const said = `longrunning: token of the profile is for api.example.com:443 and is not sent to ${server.address}: ${advice}\n`;
      const answered = { code: 0, stderr: said };
      const args = ['get', NAME, '--profile', file];
      expect(await run([...args, '--address', server.address])).toMatchObject(answered);
      expect(await run(['--address', server.address, ...args])).toMatchObject(answered);
      process.env.LONGRUNNING_ADDRESS = server.address;
      expect(await run(args)).toMatchObject(answered);
      expect(await run([...args, '--token', 'own'])).toMatchObject({ code: 0, stderr: '' });
      expect(authorizations).toEqual([undefined, undefined, undefined, 'Bearer own']);
      expect(existsSync(join(directory, 'ran')) || existsSync('ran')).toBe(false);
    },
  );

  it('no address: its token is only for the default address', async () => {
    const file = write('own.yaml', 'token: secret\n');
    const args = ['get', NAME, '--profile', file, '--address', server.address];
    expect(await run(args)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is for localhost:50051 and is not sent to'),
    });
    expect(authorizations).toEqual([undefined]);
  });

  it('the same address in another spelling: its token is sent', async () => {
    const { port } = new URL(`http://${server.address}`);
    const file = write('own.yaml', `address: localhost:${port}\ntoken: own\n`);
    const args = ['get', NAME, '--profile', file, '--address'];
    expect(await run([...args, `LOCALHOST:${port}`])).toMatchObject({ code: 0, stderr: '' });
    expect(authorizations).toEqual(['Bearer own']);
  });

  it('port and TLS scheme distinguish servers: the token is sent to one only', async () => {
    const missing = (address: string) => ['get', NAME, '--address', address, '--timeout', '1ms'];
    for (const [own, other, same] of [
      ['https://api.invalid', 'api.invalid:443', true],
      ['dns:///api.invalid', 'https://api.invalid', true],
      ['https://api.invalid', 'https://api.invalid:8443', false],
      ['https://localhost:8443', 'localhost:8443', false],
      ['https://api.invalid', 'https://api.invalid.example', false],
    ] as const) {
      const file = write('own.yaml', `address: ${own}\ntoken: secret\n`);
      const { stderr } = await run([...missing(other), '--profile', file]);
      expect({ own, other, same: !stderr.includes('is not sent to') }).toEqual({ own, other, same });
    }
  });

  it('has lower precedence than --google, like the environment', async () => {
    writeDefault('token: of-profile\n');
    process.env.LONGRUNNING_TOKEN = 'of-environment';
    const before = process.env.GOOGLE_APPLICATION_CREDENTIALS;
    process.env.GOOGLE_APPLICATION_CREDENTIALS = '/missing/credentials.json';
    try {
      for (const args of [
        ['get', NAME, '--google', '--address', server.address],
        ['--google', '--address', server.address, 'get', NAME],
      ]) {
        const { code, stderr } = await run(args);
        expect({ code, stderr }).toEqual({
          code: 5,
          stderr: expect.stringContaining('no Google credentials'),
        });
      }
    } finally {
      if (before === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      else process.env.GOOGLE_APPLICATION_CREDENTIALS = before;
    }
    expect(authorizations).toEqual([]);
  });

  it('--profile, before the command too, and LONGRUNNING_PROFILE select another one', async () => {
    const file = write('other.yaml', `address: ${server.address}\ntokenCommand: echo other\n`);
    expect(await run(['get', NAME, '--profile', file])).toMatchObject({ code: 0 });
    expect(await run(['--profile', file, 'get', NAME])).toMatchObject({ code: 0 });
    process.env.LONGRUNNING_PROFILE = file;
    expect(await run(['get', NAME])).toMatchObject({ code: 0 });
    expect(authorizations).toEqual(Array(3).fill('Bearer other'));
  });

  it('names files relative to itself', async () => {
    write('token', 'beside');
    writeDefault(`address: ${server.address}\ntokenFile: ../token\n`);
    expect(await run(['get', NAME])).toMatchObject({ code: 0, stderr: '' });
    expect(authorizations).toEqual(['Bearer beside']);
  });

  it('warns if others can read a file with a token', async () => {
    const file = writeDefault(`address: ${server.address}\ntoken: seen\n`, 0o644);
    expect(await run(['get', NAME])).toMatchObject({
      code: 0,
      stderr: `longrunning: profile ${file} has a token, and others can read it: chmod 600 ${file}\n`,
    });
    writeDefault(`address: ${server.address}\n`, 0o644);
    expect(await run(['get', NAME])).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['tokn: secret', '"tokn" is unknown: write one of address, token, '],
    ['token: 5', '"token" is not text that is not empty'],
    ['token: ""', '"token" is not text that is not empty'],
    ['protos: [1]', '"protos" is not a path, or a list of paths'],
    ['- secret', 'holds no settings'],
    ['token: "secret', 'is no YAML: '],
    ['token: a\ntokenFile: b', "option '--token-file <file>' cannot be used with option '--token <token>'"],
  ])('%j: exit code 2, says what is wrong, and quotes no token', async (text, message) => {
    writeDefault(text);
    const { code, stderr } = await run(['get', NAME], { address: server.address });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^longrunning: [^\n]+\n$/);
    expect(stderr).not.toContain('secret');
  });

  it('a missing named profile: exit code 2; an empty one has no settings', async () => {
    const { code, stderr } = await run(['get', NAME, '--profile', '/missing/profile.yaml']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('profile cannot be read: '),
    });
    writeDefault('');
    expect(await run(['get', NAME], { address: server.address })).toMatchObject({ code: 0 });
  });

  it('is found in ~/.config without XDG_CONFIG_HOME', async () => {
    mkdirSync(join(directory, '.config/longrunning'), { recursive: true });
    write('.config/longrunning/profile.yaml', `address: ${server.address}\ntoken: home\n`);
    const env = { HOME: directory, XDG_CONFIG_HOME: '' };
    expect(await new Running(['get', NAME], { env }).ended).toMatchObject({ code: 0, stderr: '' });
    expect(authorizations).toEqual(['Bearer home']);
  });
});
