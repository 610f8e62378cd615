import { exec } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { TokenSource } from '../../client/calls/credentials.js';
import { messageOf, UsageError } from '../output/failure.js';

/** Sources of the bearer token, of which at most one is set. */
export interface TokenOptions {
  readonly token?: string;
  /** File with the token, read for every call so that it can be replaced before the token expires. */
  readonly tokenFile?: string;
  /** Shell command that prints the token, which is used for a minute. */
  readonly tokenCommand?: string;
}

const COMMAND_TIMEOUT_MS = 30_000;
const REUSE_MS = 60_000;

/**
 * Returns the configured source of bearer tokens; undefined without one.
 *
 * @param ended - kills a token command that still runs when it aborts.
 * @throws UsageError if the token file is unreadable or empty.
 */
export async function tokenSource(
  options: TokenOptions,
  ended: AbortSignal,
): Promise<TokenSource | undefined> {
  const { token, tokenFile, tokenCommand } = options;
  if (token === '') throw new UsageError('--token is empty: give a token, or leave it out');
  if (token !== undefined) return token;
  if (tokenFile !== undefined) {
    // A wrong file name is reported before the first call.
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

/** Runs a shell command that prints a token. Concurrent calls share one run. */
function commandTokens(command: string, ended: AbortSignal): () => Promise<string> {
  let latest: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    if (latest && performance.now() < latest.until) return latest.token;
    const token = run(command, ended);
    const made = { token, until: performance.now() + REUSE_MS };
    latest = made;
    // Failures are not cached.
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
        // Only standard error is quoted: the rest may be a token.
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
