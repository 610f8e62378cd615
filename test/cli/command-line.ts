import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(__dirname, '../../dist/src/cli/main.js');
const FIXTURES = join(__dirname, 'fixtures');

/** Options that name the protos of the fixtures. */
export const JOBS_PROTO = ['--proto', 'jobs.proto', '--include', FIXTURES];
export const JOBS_SCRIPT = ['--script', join(FIXTURES, 'jobs.yaml')];
export const FAULTY_SCRIPT = join(FIXTURES, 'faulty.yaml');

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Settings {
  /** Where the server is, by the environment. */
  readonly address?: string;
  readonly stdin?: string;
  readonly nodeOptions?: readonly string[];
}

/** The built command line in a process of its own. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  readonly #printed = { stdout: '', stderr: '' };

  constructor(args: readonly string[], { address, stdin, nodeOptions = [] }: Settings = {}) {
    const env = { PATH: process.env.PATH, ...(address !== undefined && { LONGRUNNING_ADDRESS: address }) };
    const child = spawn(process.execPath, [...nodeOptions, MAIN, ...args], { env });
    child.stdin.end(stdin);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        this.#printed[stream] += chunk;
      });
    }
    this.child = child;
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...this.#printed }));
  }

  /** Resolves with the first line of standard output, or of standard error, that matches. */
  async line(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    for (;;) {
      const line = this.#printed[stream]
        .split('\n')
        .slice(0, -1)
        .find((candidate) => pattern.test(candidate));
      if (line !== undefined) return line;
      const ended = await Promise.race([once(this.child[stream], 'data').then(() => undefined), this.ended]);
      if (ended) throw new Error(`no line matched ${pattern}: ${ended.stderr}`);
    }
  }
}

/** Runs a command to its end. */
export function run(args: readonly string[], settings?: Settings): Promise<Ended> {
  return new Running(args, settings).ended;
}

/** `longrunning serve` on a free port. */
export class Serving extends Running implements AsyncDisposable {
  address = '';

  static async start(args: readonly string[] = []): Promise<Serving> {
    const serving = new Serving(['serve', '--address', '127.0.0.1:0', ...args]);
    serving.address = (await serving.line(/listening/)).replace('longrunning: listening on ', '');
    return serving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
