import { describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import type { AuthorizeStep, CallFacts } from '../../../src/server/access/call-facts.js';
import { EVERYBODY, Gate, inCall, inWait } from '../../../src/server/access/gate.js';
import { CallerLimits } from '../../../src/server/limits/caller-limits.js';

const FACTS: CallFacts = {
  method: '/google.longrunning.Operations/GetOperation',
  name: 'operations/1',
  headers: {},
  peer: '192.0.2.7:1',
};

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error) => StatusError.from(error).code,
  );

/** Access by one step, which the test lets throw. */
function accessBy(limited: Parameters<typeof CallerLimits.of>[0]) {
  let asked = 0;
  let error: Error | undefined;
  const step: AuthorizeStep = () => {
    asked++;
    if (error) throw error;
    return { caller: { principal: 'user:a' } };
  };
  return {
    access: { gate: new Gate(step), limits: CallerLimits.of(limited) },
    asked: () => asked,
    fail: (next: Error | undefined) => {
      error = next;
    },
  };
}

describe('a call with counted rejections', () => {
  it('fails as without limits until there are too many rejections', async () => {
    const { access, asked, fail } = accessBy({ refusalsPerSecond: 2 });
    fail(new StatusError(Code.PERMISSION_DENIED, 'no'));
    let answered = 0;
    const call = () => codeOf(inCall(access, FACTS, () => answered++));
    expect([await call(), await call(), await call()]).toEqual([
      Code.PERMISSION_DENIED,
      Code.PERMISSION_DENIED,
      Code.RESOURCE_EXHAUSTED,
    ]);
    expect([asked(), answered]).toEqual([2, 0]);
  });

  it.each([
    ['that succeed', undefined, 'OK'],
    ['that fail for another reason', new StatusError(Code.UNAVAILABLE, 'away'), Code.UNAVAILABLE],
    ['that fail unexpectedly', new Error('broken'), Code.UNKNOWN],
  ])('does not count calls %s', async (_, error, code) => {
    const { access, fail } = accessBy({ refusalsPerSecond: 1 });
    fail(error);
    for (let times = 0; times < 3; times++) {
      expect(await codeOf(inCall(access, FACTS, () => 1))).toBe(code);
    }
  });
});

describe('a counted call', () => {
  it('occupies a slot until it is answered or fails', async () => {
    const { access } = accessBy({ maxCallsPerCaller: 1 });
    const answer = Promise.withResolvers<string>();
    const first = inCall(access, FACTS, () => answer.promise);
    await new Promise(setImmediate);
    expect(await codeOf(inCall(access, FACTS, () => 1))).toBe(Code.RESOURCE_EXHAUSTED);
    answer.resolve('answer');
    expect(await first).toBe('answer');
    expect(await codeOf(inCall(access, FACTS, () => Promise.reject(new Error('broken'))))).toBe(Code.UNKNOWN);
    expect(await codeOf(inCall(access, FACTS, () => 1))).toBe('OK');
  });

  it('that waits occupies a slot until the wait ends or fails', async () => {
    const limits = CallerLimits.of({ maxWaitsPerCaller: 1 }) as CallerLimits;
    const wait = (of: () => unknown) => inWait(limits, EVERYBODY, FACTS.peer, of as () => Promise<unknown>);
    const answer = Promise.withResolvers<string>();
    const first = wait(() => answer.promise);
    expect(await codeOf(wait(() => 1))).toBe(Code.RESOURCE_EXHAUSTED);
    answer.resolve('answer');
    expect(await first).toBe('answer');
    expect(await codeOf(wait(() => Promise.reject(new Error('broken'))))).toBe(Code.UNKNOWN);
    expect(await codeOf(wait(() => 1))).toBe('OK');
  });
});
