import type { ServerRequests } from '../servers/serve.ts';
import type { Measurements } from './bench-case.ts';
import type { Child } from './child.ts';

/** Calls made to one server in one round. */
export interface CallSample {
  readonly callsPerSecond: number;
  /** CPU time of the server for each call. */
  readonly cpuMicros: number;
}

/** Makes `calls` calls by `run`, which tells the milliseconds. */
export async function sampleCalls(
  server: Child<ServerRequests>,
  calls: number,
  run: () => Promise<number>,
): Promise<CallSample> {
  const cpuBefore = await server.ask('cpuMicros', undefined);
  const tookMs = await run();
  const cpuMicros = ((await server.ask('cpuMicros', undefined)) - cpuBefore) / calls;
  return { callsPerSecond: (calls / tookMs) * 1000, cpuMicros };
}

/** What two of the sides of some rounds come to. */
export function compareCalls<Side extends string>(
  rounds: readonly Readonly<Record<Side, CallSample>>[],
  { ours, theirs }: { readonly ours: Side; readonly theirs: Side },
): Measurements {
  const only = (quantity: keyof CallSample) =>
    rounds.map((round) => ({ ours: round[ours][quantity], theirs: round[theirs][quantity] }));
  return {
    main: { quantity: 'calls per second', rounds: only('callsPerSecond') },
    context: [{ quantity: 'CPU of the server, µs per call', rounds: only('cpuMicros') }],
  };
}
