import type { BenchCase, Series } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { alternate, type Round } from '../harness/rounds.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { quantile } from '../harness/statistics.ts';
import type { WaitsRequests } from '../harness/waits.ts';
import type { GkeRequests } from '../servers/gke.ts';

const GKE = new URL('../servers/gke.ts', import.meta.url);
const WAITS = new URL('../harness/waits.ts', import.meta.url);

const ROUNDS = { warmUp: 1, measured: 4 };
const OPERATIONS = 200;
const SHORTEST_MS = 200;
const LONGEST_MS = 3000;

const sides = {
  ours: 'operations awaited by `operation.wait()` of an OperationsClient',
  theirs: "google-gax's `operation.promise()`, from the GKE Multi-Cloud client",
};

/** What it takes to learn of the end of an operation, and how soon one does. */
export const waitCases: readonly BenchCase[] = [
  {
    name: 'wait',
    ...sides,
    goal: { bound: 'at most', ratio: 1 / 50 },
    async measure() {
      const { delay, calls } = await measured();
      return { main: delay, context: [calls] };
    },
  },
  {
    name: 'wait-calls',
    ...sides,
    goal: { bound: 'at most', ratio: 1 / 4 },
    async measure() {
      const { delay, calls } = await measured();
      return { main: calls, context: [delay] };
    },
  },
];

/** One round of one side. */
interface Sample {
  /** From the end of an operation on the server to the return of the wait for it, in the median. */
  readonly delayMs: number;
  readonly callsPerOperation: number;
}

interface WaitSeries {
  readonly delay: Series;
  readonly calls: Series;
}

let measuring: Promise<WaitSeries> | undefined;

/** Both cases judge the same rounds. */
function measured(): Promise<WaitSeries> {
  measuring ??= measure();
  return measuring;
}

async function measure(): Promise<WaitSeries> {
  const processes = new AsyncDisposableStack();
  try {
    const server = processes.use(await Child.start<GkeRequests>(GKE, 'server'));
    const waits = processes.use(await Child.start<WaitsRequests>(WAITS, 'load'));
    const address = await server.ask('listen', undefined);
    const side = (name: keyof WaitsRequests) => {
      let seed = 0;
      return async (): Promise<Sample> => {
        await server.ask('plan', lengthsMs(++seed));
        const returnedAtMs = await waits.ask(name, { address, count: OPERATIONS });
        const { endedAtMs, calls } = await server.ask('report', undefined);
        const delays = [...endedAtMs].map(([operation, endedAt]) => {
          const returnedAt = returnedAtMs.get(operation);
          if (returnedAt === undefined) throw new Error(`nobody waited for ${operation}`);
          return returnedAt - endedAt;
        });
        return { delayMs: quantile(delays, 0.5), callsPerOperation: calls / OPERATIONS };
      };
    };
    const rounds = await alternate({ ours: side('ours'), theirs: side('theirs') }, ROUNDS);
    return {
      delay: {
        quantity: 'milliseconds from the end to the return of the wait',
        rounds: rounds.map(only('delayMs')),
      },
      calls: { quantity: 'calls of Operations per operation', rounds: rounds.map(only('callsPerOperation')) },
    };
  } finally {
    await processes.disposeAsync();
  }
}

function lengthsMs(seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: OPERATIONS }, () => SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS));
}

function only(quantity: keyof Sample): (round: Round<Sample>) => Round<number> {
  return ({ ours, theirs }) => ({ ours: ours[quantity], theirs: theirs[quantity] });
}
