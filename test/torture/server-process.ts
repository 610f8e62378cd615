import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { HistoryEvent } from './history.ts';

/** Parameters of a server process. */
export interface ServerFacts {
  /** Store: `sqlite:FILE`, or the URL of a PostgreSQL. */
  readonly store: string;
  readonly number: number;
  /** Receives the observations of its work. */
  readonly record: (event: HistoryEvent) => void;
  /** Path of `server.ts`. */
  readonly module: string;
}

/** Server that is killed and restarted, always on the same port. */
export class ServerProcess {
  readonly #facts: ServerFacts;
  #child: ChildProcess | undefined;
  #port = 0;

  constructor(facts: ServerFacts) {
    this.#facts = facts;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const { module, store, number, record } = this.#facts;
    const args = ['--no-warnings', module, store, String(this.#port), String(number)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    const listening = Promise.withResolvers<number>();
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (line.startsWith('listening ')) listening.resolve(Number(line.slice('listening '.length)));
      // A killed process may have written only part of its last line.
      else if (line.endsWith('}')) record(JSON.parse(line));
    });
    // Only after its whole output has been read.
    child.once('close', () =>
      listening.reject(new Error(`server ${number} ended at its start: ${complaints}`)),
    );
    this.#port = await listening.promise;
  }

  /** Kills it. Resolves once its whole output has been read. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** Suspends or resumes it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }
}

export const serverModule = (base: string): string => fileURLToPath(new URL('server.ts', base));
