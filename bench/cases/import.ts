import type { BenchCase } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { ImportRequests } from '../harness/import-probe.ts';
import { alternate } from '../harness/rounds.ts';

const PROBE = new URL('../harness/import-probe.ts', import.meta.url);
const ROUNDS = { warmUp: 3, measured: 15 };

/** What it costs an application to start with the kit. */
export const importCases: readonly BenchCase[] = [
  {
    name: 'import',
    ours: "`import 'longrunning'`",
    theirs: 'importing grpc-js and the generated stubs of Operations',
    goal: { bound: 'at most', ratio: 1.3 },
    async measure() {
      const rounds = await alternate(
        {
          ours: () => importMs('longrunning'),
          theirs: () => importMs('@grpc/grpc-js', 'longrunning/generated/google/longrunning/operations'),
        },
        ROUNDS,
      );
      return { main: { quantity: 'milliseconds', rounds }, context: [] };
    },
  },
];

async function importMs(...specifiers: string[]): Promise<number> {
  const probe = await Child.start<ImportRequests>(PROBE, 'server');
  try {
    return await probe.ask('load', specifiers);
  } finally {
    await probe[Symbol.asyncDispose]();
  }
}
