import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { RecordedCall } from '../../testing/index.js';
import { UsageError } from '../output/failure.js';
import type { Log } from './log.js';

/** Headers with credentials. */
const SECRET = /^(?:(?:proxy-)?authorization|cookie|x-goog-api-key|x-goog-iam-authorization-token)$/;

const NEWLINE = 10;

/**
 * File to which one line of JSON per call is appended. The line is written when the call ends, so it survives a crash
 * of the process, but not of the machine.
 */
export class CallFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #logger: Log;
  #closed = false;
  /** True while lines are lost, so that the failure is logged once. */
  #failing = false;
  /** True if the file ends within a line. */
  #torn: boolean;

  private constructor(path: string, fd: number, logger: Log) {
    this.#path = path;
    this.#fd = fd;
    this.#logger = logger;
    // A process that was killed while it wrote may have left half a line.
    this.#torn = !endsInLine(fd);
  }

  /** Opens the file. @throws UsageError if it is not writable. */
  static open(path: string, logger: Log): CallFile {
    try {
      // Requests are private: only the owner may read the file.
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
      const message = `calls cannot be recorded in ${this.#path}: they are omitted until writing works again`;
      if (!this.#failing) this.#logger.error({ err }, message);
      this.#failing = true;
    }
  }

  /** Closes the file. @param open - unfinished calls, which are recorded without an outcome. */
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
