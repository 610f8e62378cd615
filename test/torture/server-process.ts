import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { HistoryEvent } from './history.ts';

/** What a server process is given. */
export interface ServerFacts {
  /** Which store: `sqlite:FILE`, or the URL of a PostgreSQL. */
  readonly store: string;
  readonly number: number;
  /** Gets what the work in it sees. */
  readonly record: (event: HistoryEvent) => void;
  /** Where `server.ts` is. */
  readonly module: string;
}

/** A server that is killed and started again, always on the same port. */
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
      // Of its last line, a process that is killed may have written a part.
      else if (line.endsWith('}')) record(JSON.parse(line));
    });
    // Not before all that it told has been read.
    child.once('close', () =>
      listening.reject(new Error(`server ${number} ended at its start: ${complaints}`)),
    );
    this.#port = await listening.promise;
  }

  /** Kills it; resolves once all that it told has been read. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** Stops it in its tracks, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }
}

export const serverModule = (base: string): string => fileURLToPath(new URL('server.ts', base));
