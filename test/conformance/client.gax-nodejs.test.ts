// Behaviors tested by gax-nodejs in test/unit/longrunning.ts, as implemented by this client. Each test names its
// original.
import { describe, expect, it } from '@jest/globals';
import { OperationFailedError, WaitTimeoutError } from '../../src/client/calls/errors.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code } from '../../src/core/status.js';
import { error, failed, NAME, progress, running, scriptedPeer, succeeded } from './scripted-peer.js';

describe('client as in gax-nodejs longrunning.ts', () => {
  it('createApiCall: "longrunning call resolves to the correct datatypes"', async () => {
    const { operation } = scriptedPeer([running(10)]);
    expect(operation.name).toBe(NAME);
    expect(await operation.get()).toMatchObject({ state: 'running', operation: running(10) });
    expect((await operation.get()).metadata).toEqual(progress(10));
  });

  it('operation: "returns an Operation with correct values"', async () => {
    const operation = scriptedPeer([]).started(succeeded('uri', 100));
    const outcome = await operation.wait();
    if (outcome.state !== 'succeeded') throw new Error(outcome.state);
    expect(outcome.response.uri).toBe('uri');
    expect(outcome.metadata).toEqual(progress(100));
    expect(outcome.operation).toEqual(succeeded('uri', 100));
  });

  it('getOperation: "does not make an api call if cached op is finished" (contract 35)', async () => {
    const peer = scriptedPeer([]);
    await peer.started(succeeded()).wait();
    expect(peer.calls).toEqual([]);
  });

  it('getOperation: "makes an api call to get the updated operation"', async () => {
    const peer = scriptedPeer([succeeded()]);
    expect((await peer.started(running()).get()).state).toBe('succeeded');
    expect(peer.calls).toEqual(['get']);
  });

  it('getOperation: "returns a promise that rejects an operation error": this client returns it as a state', async () => {
    const { operation } = scriptedPeer([failed(error(Code.ABORTED))]);
    expect((await operation.get()).state).toBe('failed');
  });

  it('promise: "resolves to the correct data"', async () => {
    const peer = scriptedPeer([running(), running(), succeeded('uri')]);
    expect((await peer.run(peer.operation.result())).uri).toBe('uri');
    expect(peer.calls).toEqual(['get', 'get', 'get']);
  });

  it('promise: "resolves error"', async () => {
    const peer = scriptedPeer([running(), running(), failed(error(Code.NOT_FOUND, 'operation error'))]);
    const thrown = await rejection(peer.run(peer.operation.result()));
    expect(thrown).toBeInstanceOf(OperationFailedError);
    expect(thrown).toMatchObject({ code: Code.NOT_FOUND, message: 'operation error' });
    expect(peer.calls).toHaveLength(3);
  });

  it('promise: "does not hang on invalid API response": done with neither is a success (contract 2)', async () => {
    const peer = scriptedPeer([{ ...running(), done: true }]);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
  });

  it('cancel: "cancels the Operation and the current api call": this client leaves the wait to the server (contract 39)', async () => {
    const peer = scriptedPeer([running(), succeeded()]);
    const waiting = peer.operation.wait();
    await peer.operation.cancel();
    expect((await peer.run(waiting)).state).toBe('succeeded');
    expect(peer.calls).toContain('cancel');
  });

  it('polling: "succesful operation emits complete"', async () => {
    const peer = scriptedPeer([running(), running(), succeeded('uri')]);
    const states: string[] = [];
    const loop = (async () => {
      for await (const { state } of peer.operation.updates()) states.push(state);
    })();
    await peer.run(loop);
    expect(states).toEqual(['running', 'succeeded']);
  });

  it('polling: "operation error emits an error": this client returns it as the last state', async () => {
    const peer = scriptedPeer([running(), failed(error(Code.INTERNAL))]);
    const states: string[] = [];
    const loop = (async () => {
      for await (const { state } of peer.operation.updates()) states.push(state);
    })();
    await peer.run(loop);
    expect(states.at(-1)).toBe('failed');
  });

  it('polling: "emits progress on updated operations": once per change (contract 40)', async () => {
    const peer = scriptedPeer([running(1), running(1), running(2), running(2), succeeded('uri', 3)]);
    const told: (number | undefined)[] = [];
    const loop = (async () => {
      for await (const { metadata } of peer.operation.updates()) told.push(metadata?.progressPercent);
    })();
    await peer.run(loop);
    expect(told).toEqual([1, 2, 3]);
  });

  it('polling: "times out when polling"', async () => {
    const peer = scriptedPeer([running()]);
    const thrown = await rejection(peer.run(peer.operation.wait({ timeoutMs: 1 })));
    expect(thrown).toBeInstanceOf(WaitTimeoutError);
    expect(thrown).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(peer.elapsedMs).toBe(1);
  });
});
