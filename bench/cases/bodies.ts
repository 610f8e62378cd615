import type { BenchCase, Measurements } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import { takeTurns } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import { BODY_NAMES, type BodyName, bodyOf } from '../harness/worst-bodies.ts';
import type { BodiesRequests } from '../servers/bodies.ts';

const BODIES = new URL('../servers/bodies.ts', import.meta.url);
const ROUNDS = { warmUp: 3, measured: 7 };

/** The most that one request can cost. */
export const bodyCases: readonly BenchCase[] = [
  {
    name: 'rest-worst-body',
    ours: `a request over REST with a JSON body of 4 MiB: the one of ${BODY_NAMES.length} shapes that costs most`,
    theirs: 'a bare handler of `node:http` that reads the same body and does nothing but `JSON.parse`',
    goal: { bound: 'at most', ratio: 3 },
    measure,
  },
];

interface Cost {
  readonly request: number;
  readonly parse: number;
}

async function measure(): Promise<Measurements> {
  const child = await Child.start<BodiesRequests>(BODIES, 'server');
  try {
    const { gateway, parser } = await child.ask('listen', undefined);
    const cpuOf = async (address: string, body: string) => {
      await child.ask('collectGarbage', undefined);
      const before = await child.ask('cpuMicros', undefined);
      const headers = { 'content-type': 'application/json' };
      await (await fetch(`http://${address}/v1/bodies`, { method: 'POST', headers, body })).text();
      return (await child.ask('cpuMicros', undefined)) - before;
    };
    const costOf = async (name: BodyName): Promise<Cost> => {
      const body = bodyOf(name);
      return { parse: await cpuOf(parser, body), request: await cpuOf(gateway, body) };
    };
    const rounds = await takeTurns(
      Object.fromEntries(BODY_NAMES.map((body) => [body, () => costOf(body)])) as Record<
        BodyName,
        () => Promise<Cost>
      >,
      ROUNDS,
    );
    // The largest of many values in each round would mostly be noise.
    const typical = (body: BodyName) =>
      quantile(
        rounds.map((round) => round[body].request),
        0.5,
      );
    const worst = BODY_NAMES.reduce((a, b) => (typical(b) > typical(a) ? b : a));
    const main = rounds.map(({ [worst]: { request, parse } }) => ({
      ours: request / 1000,
      theirs: parse / 1000,
    }));
    const context = BODY_NAMES.map((body) => ({
      quantity: `milliseconds of CPU: ${body}`,
      rounds: rounds.map((round) => ({ ours: round[body].request / 1000, theirs: round[body].parse / 1000 })),
    }));
    return { main: { quantity: 'milliseconds of CPU', rounds: main }, context };
  } finally {
    await child[Symbol.asyncDispose]();
  }
}
