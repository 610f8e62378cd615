import { describe, expect, it } from '@jest/globals';
import { ReportMetadata } from '../../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { OperationError, WaitTimeoutError } from '../../../src/client/calls/errors.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { pack } from '../../../src/core/any.js';
import { Code, kitError } from '../../../src/core/status.js';
import { manualClock, pausesUntil } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { NAME, scriptedClient } from '../scripted-client.js';
import { never, running, type Script, status, succeeded } from '../scripted-server.js';

const opened = closeAfterEach();

async function scripted(...args: Parameters<typeof scriptedClient>) {
  const { server, client } = opened(await scriptedClient(...args));
  return { server, client, operation: client.operation(NAME, ReportsOperations.exportReport) };
}

function at(progressPercent: number, operation: Operation = running()): Operation {
  return { ...operation, metadata: pack(ReportMetadata, ReportMetadata.fromPartial({ progressPercent })) };
}

/** Collects state and progress of each snapshot. */
async function seen(
  updates: AsyncIterable<{ state: string; metadata: ReportMetadata | undefined }>,
): Promise<string[]> {
  const told: string[] = [];
  for await (const { state, metadata } of updates) told.push(`${state} ${metadata?.progressPercent}`);
  return told;
}

describe('updates', () => {
  it('yields the current state, every change of a real operation, and its end (contract 40)', async () => {
    const server = await startReportsServer();
    const client = new OperationsClient({ address: server.address });
    opened(server, client);
    const operation = client.operation(await server.inProcess.exportReport(), ReportsOperations.exportReport);
    const run = await server.exports.on(operation.name);
    const told: (number | string | undefined)[] = [];
    for await (const snapshot of operation.updates({ intervalMs: 20 })) {
      told.push(snapshot.state === 'running' ? snapshot.metadata?.progressPercent : snapshot.state);
      if (told.length === 1) await run.context.update({ progressPercent: 40 });
      if (told.length === 2) {
        await run.context.update({ progressPercent: 70 });
        await server.manual.advance(20);
      }
      if (told.length === 3) run.succeed({ uri: 'u' });
      else void server.manual.whenArmed(1).then(() => server.manual.advance(20));
    }
    expect(told).toEqual([0, 40, 70, 'succeeded']);
  });

  it('calls Get once, then Wait with the interval as timeout; omits unchanged metadata (contract 40)', async () => {
    const timeouts: unknown[] = [];
    const states = [at(1), at(2), at(2), at(2), at(3), at(4, succeeded())];
    const clock = manualClock();
    const { server, operation } = await scripted(
      {
        getOperation: () => at(1),
        waitOperation: async (call, count) => {
          timeouts.push(call.request.timeout);
          await clock.advance(700);
          return states[count] ?? succeeded();
        },
      },
      { clock },
    );
    expect(await seen(operation.updates({ intervalMs: 700 }))).toEqual([
      'running 1',
      'running 2',
      'running 3',
      'succeeded 4',
    ]);
    expect(server.count('getOperation')).toBe(1);
    expect(timeouts).toEqual(states.map(() => ({ seconds: 0, nanos: 700_000_000 })));
  });

  it('metadata that appears or disappears is a change', async () => {
    const states = [at(1), running(), succeeded()];
    const clock = manualClock();
    const { operation } = await scripted(
      {
        getOperation: () => running(),
        waitOperation: async (_, count) => {
          await clock.advance(1000);
          return states[count] ?? succeeded();
        },
      },
      { clock },
    );
    expect(await seen(operation.updates())).toEqual([
      'running undefined',
      'running 1',
      'running undefined',
      'succeeded undefined',
    ]);
  });

  it('a known end is the only value, without a call (contract 35)', async () => {
    const { server, client } = await scripted({});
    const operation = client.operation(at(9, succeeded()), ReportsOperations.exportReport);
    expect(await seen(operation.updates())).toEqual(['succeeded 9']);
    expect(server.calls).toEqual([]);
  });

  it('polls with backoff if WaitOperation is UNIMPLEMENTED', async () => {
    const clock = manualClock();
    const { server, operation } = await scripted(
      { getOperation: (_, count) => (count < 5 ? at(count < 4 ? 1 : 2) : at(2, succeeded())) },
      { clock },
    );
    const told = seen(operation.updates());
    const pauses = await pausesUntil(told, clock);
    expect(await told).toEqual(['running 1', 'running 2', 'succeeded 2']);
    expect(pauses).toEqual([250, 375, 563, 844]);
    expect(server.count('getOperation')).toBe(6);
  });

  it.each<[string, Script]>([
    ['has no WaitOperation', { getOperation: (_, count) => (count < 9 ? at(1) : at(1, succeeded())) }],
    [
      'answers WaitOperation at once',
      {
        getOperation: () => at(1),
        waitOperation: (_, count) => (count < 8 ? at(1) : at(1, succeeded())),
      },
    ],
  ])('no pause is longer than the interval where the server %s (contract 40)', async (_, script) => {
    const clock = manualClock();
    const { operation } = await scripted(script, { clock });
    const told = seen(operation.updates({ intervalMs: 500 }));
    const pauses = await pausesUntil(told, clock);
    expect(pauses).toEqual([250, 375, ...Array(6).fill(500)]);
  });

  it('yields each change if the server answers WaitOperation early (contract 40)', async () => {
    const clock = manualClock();
    const { server, operation } = await scripted(
      {
        getOperation: () => at(0),
        // The server answers with a change after 600 ms of 10 s.
        waitOperation: async (_, count) => {
          await clock.advance(600);
          return count < 4 ? at(count + 1) : at(5, succeeded());
        },
      },
      { clock },
    );
    const told = seen(operation.updates({ intervalMs: 10_000 }));
    expect(await pausesUntil(told, clock)).toEqual([]);
    expect(await told).toEqual([...[0, 1, 2, 3, 4].map((n) => `running ${n}`), 'succeeded 5']);
    expect(server.count('waitOperation')).toBe(5);
  });

  it('yields changes within the interval, without spinning, if the server answers at once', async () => {
    const clock = manualClock();
    const { operation } = await scripted(
      {
        getOperation: () => at(0),
        waitOperation: (_, count) => (count < 4 ? at(count + 1) : at(5, succeeded())),
      },
      { clock },
    );
    const told = seen(operation.updates({ intervalMs: 400 }));
    expect(await pausesUntil(told, clock)).toEqual([250, 375, 400, 400]);
    expect(await told).toEqual([...[0, 1, 2, 3, 4].map((n) => `running ${n}`), 'succeeded 5']);
  });

  it('leaving the loop early stops requests and frees everything (contract 42)', async () => {
    const clock = manualClock();
    const { server, operation } = await scripted(
      { getOperation: () => at(1), waitOperation: never, cancelOperation: () => ({}) },
      { clock },
    );
    const controller = new AbortController();
    for await (const snapshot of operation.updates({ timeoutMs: 1000, signal: controller.signal })) {
      expect(snapshot.state).toBe('running');
      break;
    }
    expect(clock.armed).toBe(0);
    expect([server.count('waitOperation'), server.count('cancelOperation')]).toEqual([0, 0]);
  });

  it('returning during a request cancels it at once', async () => {
    const asked = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const { operation } = await scripted({
      getOperation: () => at(1),
      waitOperation: (call) => {
        call.once('cancelled', taken.resolve);
        asked.resolve();
        return never();
      },
    });
    const iterator = operation.updates()[Symbol.asyncIterator]();
    await iterator.next();
    const pending = iterator.next();
    await asked.promise;
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    await taken.promise;
  });

  it('abort: the reason of the signal; timeout: WaitTimeoutError with the latest state (contract 38)', async () => {
    const clock = manualClock();
    const { server, operation } = await scripted(
      { getOperation: () => at(5), waitOperation: never, cancelOperation: () => ({}) },
      { clock },
    );
    const controller = new AbortController();
    const aborted = rejection(seen(operation.updates({ signal: controller.signal })));
    controller.abort('enough');
    expect(await aborted).toBe('enough');
    const late = rejection(seen(operation.updates({ timeoutMs: 3000 })));
    while (server.count('waitOperation') === 0) await clock.advance(0);
    await clock.advance(3000);
    const error = await late;
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ operationName: NAME, snapshot: { state: 'running' } });
    expect(clock.armed).toBe(0);
    expect(server.count('cancelOperation')).toBe(0);
  });

  it('after a failure another loop works (contract 37)', async () => {
    const { operation } = await scripted({
      getOperation: (_, count) => {
        if (count === 0) throw status(Code.PERMISSION_DENIED);
        return at(1, succeeded());
      },
    });
    const updates = operation.updates();
    const error = await rejection(seen(updates));
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({ operationName: NAME, code: Code.PERMISSION_DENIED });
    expect(await seen(updates)).toEqual(['succeeded 1']);
  });

  it('closing the client ends the loop', async () => {
    const { client, operation } = await scripted({ getOperation: () => at(1), waitOperation: never });
    const loop = (async () => {
      for await (const _ of operation.updates()) setImmediate(() => client.close());
    })();
    const error = await expectKitError(loop, Code.UNAVAILABLE, { reason: 'CLIENT_CLOSED' });
    expect(error).toMatchObject({ operationName: NAME });
  });

  it.each([0, -1, Number.NaN])('intervalMs %d: TypeError at once', async (intervalMs) => {
    const { operation } = await scripted({});
    const message = `intervalMs must be positive, got ${intervalMs}: give a positive number, or leave it out`;
    expect(() => operation.updates({ intervalMs })).toThrow(new TypeError(message));
  });
});

describe('wait › RetryInfo of an UNAVAILABLE', () => {
  it.each([
    ['longer than the backoff: is the pause', 7000, 7000],
    ['shorter: the backoff is', 100, 250],
  ])('%s', async (_, retryAfterMs, pauseMs) => {
    const clock = manualClock();
    const { operation } = await scripted(
      {
        waitOperation: (_call, count) => {
          if (count === 0) throw kitError(Code.UNAVAILABLE, 'BUSY', 'busy: later', { retryAfterMs });
          return succeeded();
        },
      },
      { clock },
    );
    const waiting = operation.wait();
    await clock.whenArmed(1);
    expect(clock.untilNextMs).toBe(pauseMs);
    await clock.advance(pauseMs);
    expect((await waiting).state).toBe('succeeded');
  });

  it('of RESOURCE_EXHAUSTED is respected, up to a minute (contract 48)', async () => {
    const clock = manualClock();
    const { operation } = await scripted(
      {
        waitOperation: (_call, count) => {
          const retryAfterMs = [7000, 86_400_000][count];
          if (retryAfterMs)
            throw kitError(Code.RESOURCE_EXHAUSTED, 'QUOTA', 'quota: later', { retryAfterMs });
          return succeeded();
        },
      },
      { clock },
    );
    const waiting = operation.wait();
    expect(await pausesUntil(waiting, clock)).toEqual([7000, 60_000]);
    expect((await waiting).state).toBe('succeeded');
  });

  it.each([Code.FAILED_PRECONDITION, Code.ABORTED])(
    'of code %i does not make it go on (contract 36)',
    async (code) => {
      const { server, operation } = await scripted({
        waitOperation: () => {
          throw kitError(code, 'LATER', 'not now: later', { retryAfterMs: 1 });
        },
      });
      expect(await rejection(operation.wait())).toMatchObject({ code });
      expect(server.count('waitOperation')).toBe(1);
    },
  );
});
