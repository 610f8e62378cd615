// Pitfalls of clients in other languages, one test per line.
import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import {
  OperationCancelledError,
  OperationFailedError,
  WaitTimeoutError,
} from '../../../src/client/calls/errors.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { manualClock, pausesUntil, settled } from '../../../src/testing/clock/manual-clock.js';
import { cancelled, error, NAME, running, scriptedPeer, succeeded } from '../../conformance/scripted-peer.js';
import { startScriptedServer } from '../scripted-server.js';
import { gaxOperation } from './gax-operation.js';

describe('pitfall 7: mistakes of Python api-core', () => {
  it('routing headers do not accumulate, one UNAVAILABLE ends nothing, done with neither is a success', async () => {
    const clock = manualClock();
    await using server = await startScriptedServer({
      getOperation: (_, count) => (count < 3 ? running() : { ...running(), done: true }),
      waitOperation: (_, count) => {
        throw error(count === 0 ? Code.UNAVAILABLE : Code.UNIMPLEMENTED);
      },
    });
    await using client = new OperationsClient({ address: server.address, clock });
    const waiting = client.operation(NAME).wait();
    await pausesUntil(waiting, clock);
    expect((await waiting).state).toBe('succeeded');
    for (const { metadata } of server.calls) {
      expect(metadata.get('x-goog-request-params')).toHaveLength(1);
    }
  });
});

describe('pitfall 8: a limit of the client that reads like a cancellation', () => {
  it('there is no implicit limit; the requested one is a WaitTimeoutError', async () => {
    const peer = scriptedPeer([...Array(200).fill(running()), succeeded()]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
    expect(peer.elapsedMs).toBeGreaterThan(3_600_000);
    const slow = scriptedPeer([running()]);
    const thrown = await rejection(slow.run(slow.operation.result({ timeoutMs: 300_000 })));
    expect(thrown).toBeInstanceOf(WaitTimeoutError);
    expect(thrown).not.toBeInstanceOf(OperationCancelledError);
  });
});

describe('pitfall 9: a pause that overshoots the deadline', () => {
  it.each([1, 249, 251, 10_000, 123_456])('timeoutMs %d: exactly then', async (timeoutMs) => {
    const peer = scriptedPeer([running()]);
    await rejection(peer.run(peer.operation.wait({ timeoutMs })));
    expect(peer.elapsedMs).toBe(timeoutMs);
  });
});

describe('pitfall 10: mistakes of Azure core-lro', () => {
  it('a second caller has a separate signal', async () => {
    const peer = scriptedPeer(['silence'], { longPolls: true });
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => rejection(peer.operation.wait({ signal })));
    await settled();
    controllers[1]?.abort('second');
    expect(await waits[1]).toBe('second');
    expect(await Promise.race([waits[0], settled().then(() => 'waiting')])).toBe('waiting');
    controllers[0]?.abort('first');
    expect(await waits[0]).toBe('first');
    expect(peer.calls).toEqual(['wait']);
  });

  it('a progress callback that throws does not reject the wait', async () => {
    const peer = scriptedPeer([running(1), running(2), succeeded()]);
    const loop = rejection(
      (async () => {
        for await (const _ of peer.operation.updates()) throw new Error('cannot draw');
      })(),
    );
    const waiting = peer.operation.wait();
    expect((await peer.run(waiting)).state).toBe('succeeded');
    expect(await loop).toEqual(new Error('cannot draw'));
  });

  it('an abort or a transient error is not permanent', async () => {
    const peer = scriptedPeer([running(), error(Code.ABORTED), succeeded()]);
    await rejection(peer.operation.wait({ signal: AbortSignal.abort() }));
    await rejection(peer.run(peer.operation.wait()));
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
  });
});

describe('pitfall 11: polling instead of waiting', () => {
  it('google-gax: polls as often as its pauses allow; 486 times in one report', async () => {
    const { operation, asked } = gaxOperation([...Array(485).fill(running()), succeeded()]);
    await operation.promise();
    expect(asked()).toBe(486);
  });

  it('ours: one call for an operation that ends within a long poll of 50 s', async () => {
    const end = Promise.withResolvers<Operation>();
    const asked = Promise.withResolvers<void>();
    await using server = await startScriptedServer({
      waitOperation: () => {
        asked.resolve();
        return end.promise;
      },
    });
    await using client = new OperationsClient({ address: server.address });
    const waiting = client.operation(NAME).wait();
    await asked.promise;
    end.resolve(succeeded());
    expect((await waiting).state).toBe('succeeded');
    expect(server.calls.map(({ method }) => method)).toEqual(['waitOperation']);
  });

  it('an operation of one hour takes 72 requests, and its end is reported at once', async () => {
    const clock = manualClock();
    const began = clock.now();
    await using server = await startScriptedServer({
      waitOperation: async (call) => {
        await clock.advance(1000 * (call.request.timeout?.seconds ?? 0));
        return clock.now() - began >= 3_600_000 ? succeeded() : running();
      },
    });
    await using client = new OperationsClient({ address: server.address, clock });
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
    expect(server.calls).toHaveLength(72);
  });

  it('cancelAndWait returns the outcome', async () => {
    const peer = scriptedPeer([running(), running(), cancelled()]);
    expect((await peer.run(peer.operation.cancelAndWait())).state).toBe('cancelled');
    expect(peer.calls).toEqual(['cancel', 'get', 'get', 'get']);
    expect(await rejection(peer.operation.result())).not.toBeInstanceOf(OperationFailedError);
  });
});
