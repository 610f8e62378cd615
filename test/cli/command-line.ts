import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/output/terminal.js';
import { runProgram } from '../../src/cli/program.js';

const MAIN = join(__dirname, '../../dist/src/cli/main.js');
const FIXTURES = join(__dirname, 'fixtures');

// Ignores the profile of the user who runs the tests.
process.env.XDG_CONFIG_HOME = join(__dirname, 'no-profiles');

/** Options that name the protos of the fixtures. */
export const JOBS_PROTO = ['--proto', 'jobs.proto', '--include', FIXTURES];
export const JOBS_SCRIPT = ['--script', join(FIXTURES, 'jobs.yaml')];
export const FAULTY_SCRIPT = join(FIXTURES, 'faulty.yaml');

type StreamName = 'stdout' | 'stderr';

/** Exit code and output of a command. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Output of a command so far. */
class Printed {
  readonly text = { stdout: '', stderr: '' };
  readonly #news = new EventEmitter();

  add(stream: StreamName, chunk: string): void {
    this.text[stream] += chunk;
    this.#news.emit('text');
  }

  /** Resolves to the first match of the pattern; rejects if the command ends without a match. */
  async match(pattern: RegExp, stream: StreamName, ended: Promise<Ended>): Promise<string> {
    for (;;) {
      const [found] = pattern.exec(this.text[stream]) ?? [];
      if (found !== undefined) return found;
      const end = await Promise.race([once(this.#news, 'text').then(() => undefined), ended]);
      if (end && !pattern.test(end[stream]))
        throw new Error(`nothing matched ${pattern}: ${JSON.stringify(end)}`);
    }
  }
}

export interface Settings {
  /** Address of the server. */
  readonly address?: string;
  readonly stdin?: string;
  /** Width of standard error in columns, which makes it a terminal. */
  readonly columns?: number;
}

/** Command that runs in this process, which is faster than a separate process and differs only at the start. */
export class Command {
  readonly ended: Promise<Ended>;
  readonly #printed = new Printed();
  readonly #signals = new EventEmitter();

  constructor([command = '', ...args]: readonly string[], { address, stdin = '', columns }: Settings = {}) {
    const at = address === undefined ? [] : ['--address', address];
    const output = (stream: StreamName) =>
      new Writable({
        write: (chunk, _, done) => {
          this.#printed.add(stream, String(chunk));
          done();
        },
      });
    const terminal: Terminal = {
      argv: ['node', 'longrunning', ...(command === '' ? [] : [command]), ...at, ...args],
      stdin: Readable.from([stdin]),
      stdout: output('stdout'),
      stderr: Object.assign(output('stderr'), columns !== undefined && { isTTY: true, columns }),
      on: (signal, listener) => this.#signals.on(signal, listener),
      off: (signal, listener) => this.#signals.off(signal, listener),
      exit(code) {
        throw new Error(`exit with ${code}`);
      },
    };
    this.ended = runProgram(terminal, '1.2.3').then(() => ({
      code: Number(terminal.exitCode),
      ...this.#printed.text,
    }));
  }

  /** Resolves to the part of the output that matches. */
  printed(pattern: RegExp, stream: StreamName = 'stdout'): Promise<string> {
    return this.#printed.match(pattern, stream, this.ended);
  }

  /** Sends SIGINT, like Ctrl-C. */
  interrupt(): void {
    if (!this.#signals.emit('SIGINT', 'SIGINT')) throw new Error('nobody listens to Ctrl-C');
  }
}

/** Runs a command to its end, in this process. */
export function run(args: readonly string[], settings?: Settings): Promise<Ended> {
  return new Command(args, settings).ended;
}

export interface ProcessSettings {
  /** Environment variables in addition to PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** Program with arguments that runs the command, such as `prlimit`. */
  readonly launcher?: readonly string[];
}

/** Exit code and output of a process. */
export interface ProcessEnded extends Ended {
  readonly signal: NodeJS.Signals | null;
}

/** Built command line in a separate process. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<ProcessEnded>;
  readonly #printed = new Printed();

  constructor(args: readonly string[], { env = {}, nodeOptions = [], launcher = [] }: ProcessSettings = {}) {
    const [program = '', ...rest] = [...launcher, process.execPath, ...nodeOptions, MAIN, ...args];
    const child = spawn(program, rest, {
      env: { PATH: process.env.PATH, XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME, ...env },
    });
    child.stdin.end();
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => this.#printed.add(stream, chunk));
    }
    this.child = child;
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...this.#printed.text }));
  }

  /** Resolves with the first line of standard output, or of standard error, that matches. */
  async line(pattern: RegExp, stream: StreamName = 'stdout'): Promise<string> {
    const line = await this.#printed.match(
      new RegExp(`^.*(?:${pattern.source}).*\n`, 'm'),
      stream,
      this.ended,
    );
    return line.trimEnd();
  }
}

/** `longrunning serve` on a free port. */
export class Serving extends Running implements AsyncDisposable {
  address = '';

  static async start(args: readonly string[] = [], settings: ProcessSettings = {}): Promise<Serving> {
    const serving = new Serving(['serve', '--address', '127.0.0.1:0', ...args], settings);
    serving.address = (await serving.line(/listening/)).replace('longrunning: listening on ', '');
    return serving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
