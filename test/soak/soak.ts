import { setTimeout as delay } from 'node:timers/promises';
import { OperationsClient } from 'longrunning';
import { connectTo, HonestClient } from './honest-client.ts';
import { attackMemory, HOSTILE_CLIENTS, MEMORY_TURNS } from './hostile-clients.ts';
import { SoakedServer } from './server-process.ts';

/** How long, and with whom. */
export interface SoakOptions {
  readonly durationMs: number;
  /** How many honest clients there are at once. */
  readonly clients: number;
  /** Where `server.ts` is. */
  readonly module: string;
  /** Told now and then. */
  readonly onProgress?: (progress: { readonly lives: number; readonly bytes: number }) => void;
}

/** What came of it. */
export interface SoakReport {
  /** How many operations honest clients have followed to their end. */
  readonly lives: number;
  /** How often somebody was hostile. */
  readonly attacks: number;
  /** What honest clients were told that they had no right to be told. */
  readonly unexpected: readonly string[];
  /** The least memory in use in the last fifth of the time, to that in the second: what is under way comes and goes. */
  readonly growth: number;
  readonly bytes: readonly number[];
  /** The longest that the event loop of the server was busy at once, with all clients at work. */
  readonly longestDelayMs: number;
  /** Of the server. */
  readonly exit: number | string;
}

/** Connections of gRPC are shared, by so many clients. */
const CLIENTS_A_CONNECTION = 250;
/** Time between the end of an attack on memory and the sample. */
const SETTLE_MS = 500;

/** What goes wrong anew with every sample: for whomever it hits, and they must not mind. */
const FAULTS = `
faults:
  - { method: GetOperation, code: UNAVAILABLE, times: 3 }
  - { method: CancelOperation, code: UNAVAILABLE, times: 2 }
  - { method: ExportReport, code: UNAVAILABLE, times: 2 }
  - { method: ListOperations, delayMs: 300, times: 2 }
  - { method: WaitOperation, code: UNAVAILABLE, times: 3 }
  - { method: WaitOperation, effect: answerEarly, times: 5 }
  - { method: WaitOperation, effect: drop }
  - { method: GetOperation, effect: goAway }
`;

/** Honest and hostile clients side by side; whether the honest ones notice, and whether the server stays as it is. */
export async function soak({ durationMs, clients, module, onProgress }: SoakOptions): Promise<SoakReport> {
  const server = await SoakedServer.start(module);
  const { port } = server;
  const stop = new AbortController();
  const unexpected: string[] = [];
  const bytes: number[] = [];
  let lives = 0;
  let attacks = 0;
  let longestDelayMs = 0;

  const connections = Array.from({ length: Math.ceil(clients / CLIENTS_A_CONNECTION) }, () =>
    connectTo(port, new OperationsClient({ address: `127.0.0.1:${port}` })),
  );
  const honest = Array.from({ length: clients }, async (_, index) => {
    const client = new HonestClient(connections[index % connections.length] as never);
    // They do not come all at once.
    await delay((Math.random() * durationMs) / 10);
    while (!stop.signal.aborted) {
      await client.live().then(
        () => lives++,
        (error) =>
          unexpected.push(`${error} code=${error.code} ${error.cause?.stack ?? error.stack}`.slice(0, 1500)),
      );
    }
  });
  const hostile = HOSTILE_CLIENTS.map(async (attack) => {
    while (!stop.signal.aborted) {
      await attack(port);
      attacks++;
      await delay(500 + Math.random() * 1000);
    }
  });

  try {
    const endAt = Date.now() + durationMs;
    // A busy machine may need longer to make each attack on memory once.
    for (let turn = 0; Date.now() < endAt || turn < MEMORY_TURNS; turn++) {
      // The attack ends before the sample: memory that is held while it lasts is not a leak.
      await attackMemory(port, turn);
      attacks++;
      await delay(SETTLE_MS);
      const sample = await server.inject(FAULTS);
      bytes.push(sample.bytes);
      longestDelayMs = Math.max(longestDelayMs, sample.longestDelayMs);
      onProgress?.({ lives, bytes: bytes.at(-1) as number });
    }
  } finally {
    stop.abort();
    await Promise.all([...honest, ...hostile]);
    for (const { operations, stub } of connections) {
      operations.close();
      stub.close();
    }
  }
  const exit = await server.stop();
  return { lives, attacks, unexpected, growth: growthOf(bytes), bytes, longestDelayMs, exit };
}

function growthOf(bytes: readonly number[]): number {
  const least = (fifth: number) =>
    Math.min(...bytes.slice((fifth * bytes.length) / 5, ((fifth + 1) * bytes.length) / 5));
  return least(4) / least(1);
}
