import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { memoryStore, type RunContext, type Telemetry, type TelemetryRun } from '../../src/server/index.js';
import type { StoreVerb } from '../../src/server/telemetry/telemetry.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import {
  describe as describeValue,
  MISBEHAVIORS,
  QUIET_TELEMETRY,
  type Reports,
  type Situation,
  serveSituation,
  type UserCode,
  VALUES,
  VICTIM,
} from './user-code.js';

/** Places where user code is called. */
interface Place {
  /** Options of a server whose user code misbehaves in this place. */
  readonly situation: (misbehave: UserCode) => Situation;
  /** Set if the operation must be cancelled for that code to be called. */
  readonly cancels?: boolean;
  /** Set if that code is part of listing, so that the list may fail. */
  readonly mayFailLists?: boolean;
  /** @defaultValue all */
  readonly ways?: readonly string[];
}

/** Enough to see what is wrong; each may cost seconds. */
const MOST_PROBLEMS = 5;

/** Has the user code of a place misbehave with each value in each way; what went wrong. */
async function tryAll({
  situation,
  cancels = false,
  mayFailLists = false,
  ways,
}: Place): Promise<readonly string[]> {
  let misbehave: UserCode = () => undefined;
  await using server = await serveSituation(situation(() => misbehave()));
  const problems: string[] = [];
  for (const [way, misbehaving] of Object.entries(MISBEHAVIORS)) {
    if (ways && !ways.includes(way)) continue;
    for (const [index, make] of VALUES.entries()) {
      misbehave = misbehaving(make);
      const found = await server.check({ cancels, mayFailLists });
      if (problems.length > MOST_PROBLEMS) return problems;
      problems.push(
        ...found.map((problem) => `${way} value ${index} (${describeValue(make())}): ${problem}`),
      );
    }
  }
  return problems;
}

const forVictim =
  <Rest extends unknown[]>(misbehave: UserCode, otherwise: (...args: Rest) => unknown) =>
  (...args: Rest): never =>
    JSON.stringify(args[0]).includes(VICTIM) ? (misbehave() as never) : (otherwise(...args) as never);

const reports = (
  part: keyof Reports,
  otherwise: (request: { parent: string }) => unknown = () => undefined,
): Place => ({
  situation: (misbehave) => ({ reports: { [part]: forVictim(misbehave, otherwise) } }),
});

const run = (work: (misbehave: UserCode, context: RunContext<ReportMetadata>) => unknown): Place => ({
  situation: (misbehave) => ({
    reports: {
      async run({ title }, context) {
        return title === VICTIM ? ((await work(misbehave, context)) as object) : {};
      },
    },
  }),
});

const logger = (log: (misbehave: UserCode) => unknown): Place => ({
  situation: (misbehave) => ({
    reports: {
      run: forVictim(
        () => Promise.reject(new Error('for the log')),
        () => ({}),
      ),
    },
    options: { logger: log(misbehave) as never },
  }),
});

const telemetry = (callback: keyof Telemetry, supplied: (misbehave: UserCode) => unknown): Place => ({
  situation: (misbehave) => ({
    options: { telemetry: { ...QUIET_TELEMETRY, [callback]: supplied(misbehave) } as Telemetry },
  }),
});

const observed = (callback: 'call' | 'run', part: keyof TelemetryRun): Place =>
  telemetry(callback, (misbehave) => () => {
    const quiet = QUIET_TELEMETRY[callback]();
    return part === 'trace'
      ? {
          ...quiet,
          get trace() {
            return misbehave();
          },
        }
      : { ...quiet, [part]: () => misbehave() };
  });

const observedLater: readonly (keyof TelemetryRun)[] = ['trace', 'within', 'cancelRequested', 'end'];

/** A store that misbehaves once for each operation of the victim; a wrong value in place of an answer is another matter. */
const store = (verb: StoreVerb): Place => ({
  ways: ['throws', 'rejects'],
  mayFailLists: verb === 'list',
  situation: (misbehave) => {
    const met = new Set<string>();
    return {
      options: {
        store: aroundStore(memoryStore(), (call, proceed) => {
          if (call.method !== verb || !call.name.includes(VICTIM)) return proceed();
          // A list has the name of no operation.
          if (met.has(call.name) && verb !== 'list') return proceed();
          met.add(call.name);
          return misbehave() as never;
        }),
      },
    };
  },
});

const aborted = (signal: AbortSignal) =>
  new Promise<object>((resolve) => signal.addEventListener('abort', () => resolve({}), { once: true }));

const PLACES: Readonly<Record<string, Place>> = {
  parent: reports('parent', ({ parent }) => parent),
  onStart: reports('onStart'),
  metadata: reports('metadata', () => ({})),
  requestId: reports('requestId'),
  run: reports('run', () => ({})),
  'run, on cancellation': {
    ...run(async (misbehave, { signal }) => {
      await aborted(signal);
      return misbehave();
    }),
    cancels: true,
  },
  'update, awaited': run((misbehave, { update }) => update(misbehave() as never).then(() => ({}))),
  'update, not awaited': run((misbehave, { update }) => {
    update(misbehave() as never);
    return {};
  }),
  'listeners of the signal': {
    ...run((misbehave, { signal }) => {
      const ended = aborted(signal);
      signal.addEventListener('abort', () => misbehave());
      signal.addEventListener('abort', { handleEvent: () => misbehave() });
      signal.onabort = () => misbehave();
      return ended;
    }),
    cancels: true,
  },
  authorize: {
    situation: (misbehave) => ({
      options: {
        authorize: ({ method, name }) =>
          method.endsWith('/ExportReport') && name.includes(VICTIM) ? (misbehave() as never) : {},
      },
    }),
  },
  'shows of authorize': {
    mayFailLists: true,
    situation: (misbehave) => ({
      options: {
        authorize: () => ({ shows: (name) => (name.includes(VICTIM) ? (misbehave() as never) : true) }),
      },
    }),
  },
  newId: {
    situation: (misbehave) => {
      let ids = 0;
      // The victim starts first.
      return { options: { newId: () => (ids++ % 2 === 0 ? (misbehave() as never) : `id-${ids}`) } };
    },
  },
  'error of the logger': logger((misbehave) => ({ error: () => misbehave() })),
  'debug of the logger': logger((misbehave) => ({ error() {}, debug: () => misbehave() })),
  'the logger itself': logger((misbehave) => ({
    get error() {
      return misbehave();
    },
    get debug() {
      return misbehave();
    },
  })),
  ...Object.fromEntries(
    Object.keys(QUIET_TELEMETRY).map((callback) => [
      `${callback} of telemetry`,
      telemetry(callback as keyof Telemetry, (misbehave) => () => misbehave()),
    ]),
  ),
  ...Object.fromEntries(
    (['call', 'run'] as const).flatMap((callback) =>
      observedLater.map((part) => [`${part} of an observed ${callback}`, observed(callback, part)]),
    ),
  ),
  ...Object.fromEntries(
    (['create', 'get', 'compareAndSet', 'list'] as const).map((verb) => [
      `${verb} of the store`,
      store(verb),
    ]),
  ),
  'the function returned by storeCall of telemetry': telemetry(
    'storeCall',
    (misbehave) => () => () => misbehave(),
  ),
  'the function returned by wait of telemetry': telemetry('wait', (misbehave) => () => () => misbehave()),
};

describe('misbehaving user code', () => {
  // Where a logger fails, entries go to standard error.
  beforeAll(() => {
    jest.spyOn(console, 'error').mockImplementation(() => {});
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });

  it.each(Object.keys(PLACES))(
    'in %s: the process survives, the call is answered, the operation ends, others are unaffected',
    async (place) => {
      expect(await tryAll(PLACES[place] as Place)).toEqual([]);
    },
  );
});

describe('promises in the values of user code with a missing await', () => {
  const rejected = () => Promise.reject(new Error('not awaited'));
  const FIELDS: Readonly<Record<string, () => unknown>> = {
    'in a field': () => ({ uri: rejected(), progressPercent: rejected() }),
    'in an array': () => ({ uri: [Promise.resolve('x'), rejected()] }),
    'in a circular object': () => {
      const circular: Record<string, unknown> = { deep: { uri: rejected() } };
      circular.self = circular;
      return circular;
    },
  };
  const parts: Readonly<Record<string, (make: UserCode) => Partial<Reports>>> = {
    metadata: (make) => ({ metadata: forVictim(make, () => ({})) }),
    onStart: (make) => ({ onStart: forVictim(make, () => undefined) }),
    run: (make) => ({ run: forVictim(make, () => ({})) }),
    update: (make) => ({
      run: ({ title }, { update }) =>
        title === VICTIM ? update(make() as never).then(() => ({})) : Promise.resolve({}),
    }),
  };

  it.each(Object.keys(parts).flatMap((part) => Object.keys(FIELDS).map((where) => [part, where] as const)))(
    '%s, %s: an error instead of "[object Promise]", and the process survives',
    async (part, where) => {
      const logged: unknown[] = [];
      const logger = { error: ({ err }: { readonly err?: unknown }) => logged.push(err) };
      const misbehaving = parts[part]?.(FIELDS[where] as UserCode);
      await using server = await serveSituation({
        reports: misbehaving as Partial<Reports>,
        options: { logger },
      });
      expect(await server.check({ cancels: false, mayFailLists: false })).toEqual([]);
      expect(logged.map(describeValue)).toContainEqual(
        expect.stringMatching(/contains a promise: await it, and give its value$/),
      );
    },
  );
});
