import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { RecordedCall } from '../../testing/index.js';
import { UsageError } from '../failures/usage-error.js';
import type { Log } from './log.js';

/** Headers by which their sender is known. */
const SECRET = /^(?:(?:proxy-)?authorization|cookie|x-goog-api-key|x-goog-iam-authorization-token)$/;

const NEWLINE = 10;

/**
 * A file with a line of JSON for each call, after what it had before. A line is with the system as soon as its call has
 * ended, so it survives however the process ends; not a machine that stops dead.
 */
export class CallFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #logger: Log;
  #closed = false;
  /** Set while lines get lost, so that it is told once. */
  #failing = false;
  /** Whether the file ends within a line. */
  #torn: boolean;

  private constructor(path: string, fd: number, logger: Log) {
    this.#path = path;
    this.#fd = fd;
    this.#logger = logger;
    // A process that was killed while it wrote may have left half a line.
    this.#torn = !endsInLine(fd);
  }

  /** @throws UsageError when it cannot be written to. */
  static open(path: string, logger: Log): CallFile {
    try {
      // What others sent is nobody else's business.
      return new CallFile(path, openSync(path, 'a+', 0o600), logger);
    } catch (cause) {
      const { message } = cause as Error;
      const fault = `calls cannot be recorded: ${message}; name a file with --record that can be written to`;
      throw new UsageError(fault, { cause });
    }
  }

  add(call: RecordedCall): void {
    if (this.#closed) return;
    try {
      this.#write(`${JSON.stringify({ ...call, headers: withoutSecrets(call.headers) })}\n`);
      this.#failing = false;
    } catch (err) {
      const message = `calls cannot be recorded in ${this.#path}: they are left out until they can`;
      if (!this.#failing) this.#logger.error({ err }, message);
      this.#failing = true;
    }
  }

  /** @param open - the calls that have not ended: they are recorded without an outcome. */
  close(open: readonly RecordedCall[] = []): void {
    for (const call of open) this.add(call);
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }

  #write(line: string): void {
    const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
    for (let at = 0; at < bytes.length; this.#torn = at < bytes.length) at += writeSync(this.#fd, bytes, at);
  }
}

function endsInLine(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === NEWLINE;
}

function withoutSecrets(headers: RecordedCall['headers']): RecordedCall['headers'] {
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    SECRET.test(name) ? '(secret)' : value,
  ]);
  return Object.fromEntries(shown);
}
