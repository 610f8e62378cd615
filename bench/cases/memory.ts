import type { BenchCase } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { Memory } from '../harness/memory.ts';
import { alternate } from '../harness/rounds.ts';
import type { KeptRequests } from '../servers/kept.ts';

const KEPT = new URL('../servers/kept.ts', import.meta.url);
const ROUNDS = { warmUp: 0, measured: 3 };
const OPERATIONS = 50_000;
const PAYLOAD_BYTES = 1024;

/** What operations take in memory. */
export const memoryCases: readonly BenchCase[] = [
  {
    name: 'memory-per-operation',
    ours: `bytes for each of ${OPERATIONS} ended operations in memory`,
    theirs: `the response of each, ${PAYLOAD_BYTES} bytes`,
    goal: { bound: 'at most', ratio: 2 },
    async measure() {
      const payload: Memory = { live: PAYLOAD_BYTES, resident: PAYLOAD_BYTES };
      const rounds = await alternate({ ours: perOperation, theirs: async () => payload }, ROUNDS);
      const only = (quantity: keyof Memory) =>
        rounds.map(({ ours, theirs }) => ({ ours: ours[quantity], theirs: theirs[quantity] }));
      return {
        main: { quantity: 'bytes', rounds: only('live') },
        context: [{ quantity: 'bytes that the process has grown by', rounds: only('resident') }],
      };
    },
  },
];

/** In a process of its own each time, for memory is given back to the system late if at all. */
async function perOperation(): Promise<Memory> {
  const child = await Child.start<KeptRequests>(KEPT, 'server');
  try {
    const { live, resident } = await child.ask('keep', { count: OPERATIONS, payloadBytes: PAYLOAD_BYTES });
    return { live: live / OPERATIONS, resident: resident / OPERATIONS };
  } finally {
    await child[Symbol.asyncDispose]();
  }
}
