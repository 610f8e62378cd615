import { setTimeout as delay } from 'node:timers/promises';
import { TortureClient } from './clients.ts';
import { type HistoryEvent, violations } from './history.ts';
import { ServerProcess } from './server-process.ts';

/** Subject and duration of the torture. */
export interface TortureOptions {
  /** Store: `sqlite:FILE`, or the URL of a PostgreSQL. */
  readonly store: string;
  /** Number of servers that share the store. */
  readonly servers: number;
  readonly kills: number;
  /** Path of `server.ts`. */
  readonly module: string;
  readonly onKill?: (kills: number) => void;
  /**
   * Longest suspension of a server, in milliseconds.
   *
   * @defaultValue 300
   */
  readonly longestStopMs?: number;
  /**
   * See `violations`.
   *
   * @defaultValue 0
   */
  readonly cancelDelayMs?: number;
  /** Disturbs the database between two kills. */
  readonly disturb?: (kills: number) => Promise<void>;
}

/** Result of the torture. */
export interface TortureReport {
  readonly violations: readonly string[];
  readonly operations: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly resumed: number;
}

const CLIENTS = 12;
/** Longest time between two disturbances. */
const LONGEST_PEACE_MS = 500;
const SHARE_OF_STOPS = 0.2;

/** Kills and suspends servers while their clients work, then checks the history for violations. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { store, module } = options;
  const history: HistoryEvent[] = [];
  const record = (event: HistoryEvent) => history.push(event);
  const servers = Array.from(
    { length: options.servers },
    (_, index) => new ServerProcess({ store, module, number: index + 1, record }),
  );
  const clients: TortureClient[] = [];
  try {
    for (const server of servers) await server.start();
    let torturing = true;
    for (let count = 0; count < CLIENTS; count++) {
      clients.push(new TortureClient(pick(servers, count).address, record));
    }
    const living = Promise.all(
      clients.map(async (client) => {
        while (torturing) await client.live();
      }),
    );
    const killing = killAtRandom(servers, options).finally(() => {
      torturing = false;
    });
    await Promise.all([living, killing]);
    await settle(clients[0] as TortureClient, history);
    return report(history, options.cancelDelayMs);
  } finally {
    for (const client of clients) client.close();
    for (const server of servers) await server.kill();
  }
}

async function killAtRandom(
  servers: readonly ServerProcess[],
  { kills, onKill, longestStopMs = 300, disturb }: TortureOptions,
): Promise<void> {
  for (let done = 0; done < kills; ) {
    await delay(Math.random() * LONGEST_PEACE_MS);
    await disturb?.(done);
    const server = pick(servers, Math.floor(Math.random() * servers.length));
    if (Math.random() < SHARE_OF_STOPS) {
      server.signal('SIGSTOP');
      await delay(Math.random() * longestStopMs);
      server.signal('SIGCONT');
    } else {
      await server.kill();
      done++;
      onKill?.(done);
      await server.start();
    }
  }
}

/** Reads every operation once more, by name and in a listing. */
async function settle(client: TortureClient, history: HistoryEvent[]): Promise<void> {
  const names = new Set(history.map(({ name }) => name));
  for (const name of names) {
    await client.wait(name);
    await client.see(name);
  }
  const listed = await client.list();
  const found = new Set(listed);
  for (const name of names) {
    if (!found.has(name)) history.push({ name, at: Date.now(), type: 'not found' });
  }
  if (found.size !== listed.length) throw new Error('an operation was listed twice (contract 28)');
}

function report(history: readonly HistoryEvent[], cancelDelayMs: number | undefined): TortureReport {
  const endings: Record<string, number> = {};
  const last = new Map<string, string>();
  for (const event of history) {
    if (event.type !== 'seen' || !event.done) continue;
    const { ending } = event.done;
    last.set(event.name, ending.type === 'failed' ? `failed with code ${ending.code}` : ending.type);
  }
  for (const ending of last.values()) endings[ending] = (endings[ending] ?? 0) + 1;
  const resumed = history.filter((event) => event.type === 'work began' && event.attempt > 1);
  return {
    violations: violations(history, cancelDelayMs),
    operations: last.size,
    endings,
    resumed: resumed.length,
  };
}

function pick<Item>(items: readonly Item[], index: number): Item {
  return items[index % items.length] as Item;
}
