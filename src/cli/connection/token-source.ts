import { exec } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { TokenSource } from '../../index.js';
import { messageOf, UsageError } from '../output/failure.js';

/** The options that say where a bearer token comes from; at most one of them is set. */
export interface TokenOptions {
  readonly token?: string;
  /** Read again for every call, so that a token which is replaced in time never expires. */
  readonly tokenFile?: string;
  /** Its output is used for a minute. */
  readonly tokenCommand?: string;
}

const COMMAND_TIMEOUT_MS = 30_000;
const REUSE_MS = 60_000;

/**
 * The source of bearer tokens that the options name; undefined without one.
 *
 * @param ended - ends a command that still runs.
 * @throws UsageError when the file cannot be read, or is empty.
 */
export async function tokenSource(
  options: TokenOptions,
  ended: AbortSignal,
): Promise<TokenSource | undefined> {
  const { token, tokenFile, tokenCommand } = options;
  if (token === '') throw new UsageError('--token is empty: give a token, or leave it out');
  if (token !== undefined) return token;
  if (tokenFile !== undefined) {
    // A wrong name is told before anything is called.
    await readToken(tokenFile).catch((cause) => {
      throw new UsageError(messageOf(cause), { cause });
    });
    return () => readToken(tokenFile);
  }
  return tokenCommand === undefined ? undefined : commandTokens(tokenCommand, ended);
}

async function readToken(file: string): Promise<string> {
  const token = await readFile(file, 'utf8').catch((cause) => {
    throw new Error(`the file of --token-file cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (token.trim() === '') throw new Error(`the file of --token-file is empty: write a token to ${file}`);
  return token.trim();
}

/** Tokens that a shell command prints. Calls at the same time share one run of it. */
function commandTokens(command: string, ended: AbortSignal): () => Promise<string> {
  let latest: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    if (latest && performance.now() < latest.until) return latest.token;
    const token = run(command, ended);
    const made = { token, until: performance.now() + REUSE_MS };
    latest = made;
    // A failure is not kept.
    token.catch(() => {
      if (latest === made) latest = undefined;
    });
    return token;
  };
}

function run(command: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = exec(
      command,
      { timeout: COMMAND_TIMEOUT_MS, windowsHide: true, signal },
      (error, stdout, stderr) => {
        // Of its output only errors are quoted: the rest may be a token.
        if (error) reject(new Error(`--token-command failed (${endOf(error)})${lastLine(stderr)}`));
        else if (stdout.trim() === '')
          reject(new Error('--token-command printed nothing: let it print a token'));
        else resolve(stdout.trim());
      },
    );
    child.stdin?.end();
  });
}

function endOf({ code, signal, killed }: { code?: unknown; signal?: unknown; killed?: boolean }): string {
  if (killed) return `no end within ${COMMAND_TIMEOUT_MS / 1000} s`;
  return signal ? `signal ${signal}` : `exit code ${code}`;
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
