import { setTimeout as delay } from 'node:timers/promises';
import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { CrowdRequests } from '../harness/crowd.ts';
import { alternate } from '../harness/rounds.ts';
import type { KitRequests } from '../servers/kit.ts';

const KIT = new URL('../servers/kit.ts', import.meta.url);
const CROWD = new URL('../harness/crowd.ts', import.meta.url);

const WAITS = 10_000;
const STREAMS = 100;
const LIMIT_MS = 100;
/** From the moment when the waits begin, for ten seconds: while the crowd arrives, and while it takes turns. */
const ROUNDS = { warmUp: 1, measured: 19 };
const EVERY_MS = 250;

/** Whether other calls of a client stand behind its waits. */
export const crowdCases: readonly BenchCase[] = [
  {
    name: 'cancel-in-crowd',
    ours: `a CancelOperation on a client with ${WAITS} waits, on a server that allows ${STREAMS} streams per connection`,
    theirs: `the limit: ${LIMIT_MS} ms`,
    goal: { bound: 'at most', ratio: 1 },
    measure,
  },
];

async function measure(): Promise<Measurements> {
  const processes = new AsyncDisposableStack();
  try {
    const kit = processes.use(await Child.start<KitRequests>(KIT, 'server'));
    const crowd = processes.use(await Child.start<CrowdRequests>(CROWD, 'load'));
    const count = WAITS + ROUNDS.warmUp + ROUNDS.measured;
    const { address, names } = await kit.ask('listen', { state: 'running', count, streams: STREAMS });
    const toCancel = names.slice(WAITS);
    await crowd.ask('await', { address, names: names.slice(0, WAITS) });
    const ours = async () => {
      await delay(EVERY_MS);
      return crowd.ask('cancelMs', toCancel.pop() ?? '');
    };
    const rounds = await alternate({ ours, theirs: async () => LIMIT_MS }, ROUNDS);
    return { main: { quantity: 'milliseconds that a CancelOperation takes', rounds }, context: [] };
  } finally {
    await processes.disposeAsync();
  }
}
