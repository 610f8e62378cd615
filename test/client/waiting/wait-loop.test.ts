import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { RetryPredicate } from '../../../src/client/waiting/retry.js';
import { everyChange, UNTIL_DONE } from '../../../src/client/waiting/wait-loop.js';
import { Code, kitError, type StatusError } from '../../../src/core/status.js';
import { running, status, succeeded } from '../scripted-server.js';
import { behindProxy, type Server, simulate } from './simulation.ts';

const CUT = kitError(Code.UNAVAILABLE, 'CONNECTION_BROKEN', 'cut');

describe('a proxy that cuts long polls', () => {
  it.each([100, 300, 500, 1000, 5000, 15_000, 30_000, 49_000])(
    'after %d ms: the end is reported within a second, and long polls become shorter',
    async (cutMs) => {
      for (const endsAtMs of [10_000, 60_000, 61_234, 600_000]) {
        const { step, endedAtMs, requests } = await simulate(behindProxy(endsAtMs, () => cutMs, CUT));
        expect(step.kind).toBe('end');
        if (cutMs >= 125) expect(endedAtMs - endsAtMs).toBeLessThan(1000);
        const shorter = requests.filter(({ kind, waitMs }) => kind === 'wait' && waitMs < cutMs);
        if (cutMs >= 125 && endsAtMs > 4 * cutMs) expect(shorter.length).toBeGreaterThan(0);
      }
    },
  );

  it.each([
    ['504', kitError(Code.UNAVAILABLE, 'NO_GRPC_STATUS', 'Received HTTP status code 504')],
    ['a complete UNAVAILABLE', status(Code.UNAVAILABLE)],
    ['a complete DEADLINE_EXCEEDED', status(Code.DEADLINE_EXCEEDED)],
  ])('by %s: the same', async (_, error) => {
    const { endedAtMs } = await simulate(behindProxy(60_000, () => 15_000, error));
    expect(endedAtMs - 60_000).toBeLessThan(1000);
  });

  it('after times that vary: the end is reported within a second', async () => {
    const times = fc.infiniteStream(fc.integer({ min: 500, max: 20_000 }));
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 5000, max: 300_000 }), async (cuts, endsAtMs) => {
        const { endedAtMs } = await simulate(behindProxy(endsAtMs, () => cuts.next().value, CUT));
        expect(endedAtMs - endsAtMs).toBeLessThan(1000);
      }),
    );
  });

  it('costs at most three requests a second', async () => {
    const { requests } = await simulate(behindProxy(600_000, () => 500, CUT));
    expect(requests.length).toBeLessThan(3 * 600);
  });

  it('for a while: long polls become long again after a minute', async () => {
    let cuts = 4;
    const server = behindProxy(400_000, () => (cuts-- > 0 ? 15_000 : Number.POSITIVE_INFINITY), CUT);
    const { requests } = await simulate(server);
    expect(requests.at(-1)?.waitMs).toBe(50_000);
    expect(requests.some(({ waitMs }) => waitMs === 12_000)).toBe(true);
  });

  it('a distant server that refuses for a moment does not shorten long polls', async () => {
    let refusals = 3;
    const { waits } = await simulate(({ waitMs, atMs }) => {
      if (refusals-- > 0) return { result: status(Code.UNAVAILABLE), afterMs: 200 };
      return { result: atMs > 100_000 ? succeeded() : running(), afterMs: waitMs };
    });
    expect(new Set(waits.map(({ waitMs }) => waitMs))).toEqual(new Set([50_000]));
  });

  it('one broken connection does not shorten long polls', async () => {
    let first = true;
    const { requests } = await simulate(({ waitMs, atMs }) => {
      if (first) {
        first = false;
        return { result: CUT, afterMs: 2000 };
      }
      return { result: atMs > 100_000 ? succeeded() : running(), afterMs: waitMs };
    });
    expect(new Set(requests.map(({ waitMs }) => waitMs))).toEqual(new Set([50_000]));
  });
});

describe('a server whose answers are a little early', () => {
  it('is asked again without growing pauses', async () => {
    const { requests } = await simulate(
      ({ kind, waitMs }) => ({ result: running(), afterMs: kind === 'get' ? 1 : waitMs - 1 }),
      { pace: everyChange(200), untilMs: 20_000 },
    );
    expect(requests.length).toBeGreaterThan(20_000 / 210);
  });
});

describe('a server whose WaitOperation always fails at once', () => {
  it('is polled by GetOperation, and WaitOperation is tried again later', async () => {
    const { requests, step } = await simulate(({ kind, atMs }) => {
      if (kind === 'wait') return { result: CUT, afterMs: 1 };
      return { result: atMs > 300_000 ? succeeded() : running(), afterMs: 1 };
    });
    expect(step.kind).toBe('end');
    expect(requests.filter(({ kind }) => kind === 'get').length).toBeGreaterThan(10);
  });
});

describe('a server with an outage', () => {
  it('is long-polled again once it is back, so that the end is reported at once', async () => {
    for (let backMs = 100; backMs <= 30_000; backMs += 100) {
      const { requests } = await simulate(
        ({ kind, atMs, waitMs }) => {
          if (atMs < backMs) return { result: status(Code.UNAVAILABLE), afterMs: 1 };
          return { result: running(), afterMs: kind === 'get' ? 1 : waitMs };
        },
        { untilMs: backMs + 45_000 },
      );
      const last = requests.findLast(({ atMs }) => atMs < backMs + 45_000);
      expect({ backMs, last: last?.kind }).toEqual({ backMs, last: 'wait' });
    }
  });
});

describe('a refusal of WaitOperation (contract 47)', () => {
  const REFUSALS = [
    Code.UNIMPLEMENTED,
    Code.PERMISSION_DENIED,
    Code.NOT_FOUND,
    Code.INVALID_ARGUMENT,
    Code.FAILED_PRECONDITION,
    Code.UNAUTHENTICATED,
    Code.RESOURCE_EXHAUSTED,
    Code.INTERNAL,
  ];

  it.each(REFUSALS)('code %i, while GetOperation works: polls', async (code) => {
    const { step, requests } = await simulate(({ kind, atMs }) => {
      if (kind === 'wait') return { result: status(code), afterMs: 1 };
      return { result: atMs > 20_000 ? succeeded() : running(), afterMs: 1 };
    });
    expect(step.kind).toBe('end');
    expect(requests.filter(({ kind }) => kind === 'wait').length).toBeLessThanOrEqual(2);
  });

  it('PERMISSION_DENIED once: WaitOperation is tried again after a minute, and long-polls again', async () => {
    let refused = false;
    const { requests } = await simulate(({ kind, atMs, waitMs }) => {
      if (kind === 'wait' && !refused) {
        refused = true;
        return { result: status(Code.PERMISSION_DENIED), afterMs: 1 };
      }
      return { result: atMs > 200_000 ? succeeded() : running(), afterMs: Math.max(1, waitMs) };
    });
    const again = requests.filter(({ kind }) => kind === 'wait')[1];
    expect(again?.atMs).toBeGreaterThanOrEqual(60_000);
    expect(again?.atMs).toBeLessThan(95_000);
  });

  it('CANCELLED, while GetOperation works: both are asked with backoff', async () => {
    const { step, requests } = await simulate(({ kind, atMs }) => {
      if (kind === 'wait') return { result: status(Code.CANCELLED), afterMs: 1 };
      return { result: atMs > 20_000 ? succeeded() : running(), afterMs: 1 };
    });
    expect(step.kind).toBe('end');
    expect(requests.length).toBeLessThan(25);
  });

  it('CANCELLED of a server that shuts down: waits again as soon as GetOperation works', async () => {
    let asked = 0;
    const { requests } = await simulate(({ atMs, waitMs }) => {
      if (asked++ === 0) return { result: status(Code.CANCELLED), afterMs: 5000 };
      if (asked < 10) return { result: status(Code.UNAVAILABLE), afterMs: 1 };
      return { result: atMs > 200_000 ? succeeded() : running(), afterMs: Math.max(1, waitMs) };
    });
    expect(requests.slice(9, 12).map(({ kind }) => kind)).toEqual(['get', 'wait', 'wait']);
  });

  it('of both methods: ends the wait with the error of GetOperation', async () => {
    const { step } = await simulate(({ kind }) => ({
      result: status(kind === 'wait' ? Code.PERMISSION_DENIED : Code.NOT_FOUND),
      afterMs: 1,
    }));
    expect(step).toMatchObject({ kind: 'fail', error: { code: Code.NOT_FOUND } });
  });

  it('while GetOperation is UNAVAILABLE: keeps calling GetOperation', async () => {
    let gets = 0;
    const { step } = await simulate(({ kind }) => {
      if (kind === 'wait') return { result: status(Code.NOT_FOUND), afterMs: 1 };
      return { result: gets++ < 3 ? status(Code.UNAVAILABLE) : succeeded(), afterMs: 1 };
    });
    expect(step.kind).toBe('end');
  });
});

describe('an end that WaitOperation reports without a result (contract 47)', () => {
  const bare: Operation = { ...running(), done: true };
  const untyped: Operation = {
    ...bare,
    result: { $case: 'response', value: { typeUrl: '', value: Buffer.alloc(0) } },
  };

  it.each([
    ['neither error nor response', bare],
    ['a response without a type', untyped],
  ])('%s: GetOperation says that it still runs, and the wait goes on', async (_, end) => {
    const { step, endedAtMs } = await simulate(({ kind, atMs }) => {
      if (atMs > 20_000) return { result: succeeded(), afterMs: 1 };
      return { result: kind === 'wait' ? end : running(), afterMs: 1 };
    });
    expect(step).toMatchObject({ kind: 'end', operation: succeeded() });
    expect(endedAtMs).toBeGreaterThan(20_000);
  });

  it('GetOperation agrees: it is the end (contract 2)', async () => {
    const { step, requests } = await simulate(() => ({ result: bare, afterMs: 1 }));
    expect(step).toEqual({ kind: 'end', operation: bare });
    expect(requests.map(({ kind }) => kind)).toEqual(['wait', 'get']);
  });

  it('GetOperation is UNIMPLEMENTED: it is the end', async () => {
    const { step } = await simulate(({ kind }) => ({
      result: kind === 'wait' ? bare : status(Code.UNIMPLEMENTED),
      afterMs: 1,
    }));
    expect(step).toEqual({ kind: 'end', operation: bare });
  });
});

describe('errors (contract 36, 48)', () => {
  const failing =
    (times: number, error: StatusError): Server =>
    () => ({ result: times-- > 0 ? error : succeeded(), afterMs: 1 });

  it.each([Code.INTERNAL, Code.UNKNOWN])('code %i is retried once', async (code) => {
    expect((await simulate(failing(1, status(code)))).step.kind).toBe('end');
    expect((await simulate(() => ({ result: status(code), afterMs: 1 }))).step).toMatchObject({
      kind: 'fail',
      error: { code },
    });
  });

  it('INTERNAL is retried once more after an answer in between', async () => {
    let asked = 0;
    const { step } = await simulate(() => {
      asked++;
      if (asked > 20) return { result: succeeded(), afterMs: 1 };
      return { result: asked % 2 === 0 ? running() : status(Code.INTERNAL), afterMs: 1 };
    });
    expect(step.kind).toBe('end');
  });

  it('RESOURCE_EXHAUSTED is waited out with RetryInfo, and ends the wait without', async () => {
    const quota = kitError(Code.RESOURCE_EXHAUSTED, 'QUOTA', 'quota', { retryAfterMs: 7000 });
    const { step, requests } = await simulate(failing(3, quota));
    expect(step.kind).toBe('end');
    expect(requests.map(({ atMs }) => Math.round(atMs))).toEqual([0, 7001, 14_002, 21_003]);
    expect((await simulate(failing(9, status(Code.RESOURCE_EXHAUSTED)))).step).toMatchObject({
      kind: 'fail',
    });
  });

  it('`retry` decides about errors that would end the wait, and is not called for others', async () => {
    const seen: number[] = [];
    const retry: RetryPredicate = ({ code }) => {
      seen.push(code);
      return code === Code.ABORTED || code === Code.INTERNAL;
    };
    expect((await simulate(failing(3, status(Code.ABORTED)), { retry })).step.kind).toBe('end');
    expect((await simulate(failing(3, status(Code.INTERNAL)), { retry })).step.kind).toBe('end');
    expect((await simulate(failing(9, status(Code.FAILED_PRECONDITION)), { retry })).step.kind).toBe('fail');
    seen.length = 0;
    expect((await simulate(failing(9, status(Code.UNAVAILABLE)), { retry })).step.kind).toBe('end');
    expect(seen).toEqual([]);
  });

  it('a closed client ends the wait', async () => {
    const closed = kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', 'client is closed');
    expect((await simulate(failing(99, closed))).step).toMatchObject({ kind: 'fail', error: closed });
  });
});

describe('any behavior of the server', () => {
  const replies = fc.oneof(
    fc.constantFrom(...Object.values(Code).filter((code) => code !== Code.OK)).map((code) => status(code)),
    fc.constant(running()),
    fc.constant({ ...running(), done: true } as Operation),
  );
  const server = fc.array(fc.record({ result: replies, afterMs: fc.nat(70_000) }), {
    minLength: 1,
    maxLength: 40,
  });

  it('delays are finite, long polls at most as long as the pace says, and requests bounded', async () => {
    await fc.assert(
      fc.asyncProperty(server, fc.constantFrom(UNTIL_DONE, everyChange(1000)), async (script, pace) => {
        let asked = 0;
        const { requests } = await simulate(() => script[asked++] ?? { result: succeeded(), afterMs: 1 }, {
          pace,
          untilMs: Number.POSITIVE_INFINITY,
        });
        for (const { waitMs, atMs } of requests) {
          expect(waitMs).toBeLessThanOrEqual(pace.longPollMs);
          expect(Number.isFinite(atMs)).toBe(true);
        }
        expect(requests.length).toBeLessThanOrEqual(script.length + 1);
      }),
    );
  });
});
