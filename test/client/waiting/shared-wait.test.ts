import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { WaitTimeoutError } from '../../../src/client/calls/errors.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { type ManualClock, manualClock, settled } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { NAME, scriptedClient } from '../scripted-client.js';
import { never, running, type Script, type ScriptedServer, status, succeeded } from '../scripted-server.js';

const opened = closeAfterEach();

const scripted = async (...args: Parameters<typeof scriptedClient>) => opened(await scriptedClient(...args));

describe('wait › several at once (contract 37)', () => {
  it('share one loop, each with its own signal and timeout', async () => {
    const end = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const { server, client } = await scripted({
      waitOperation: async () => {
        asked.resolve();
        await end.promise;
        return succeeded();
      },
    });
    const operation = client.operation(NAME);
    const patient = Array.from({ length: 20 }, () => operation.wait());
    const controller = new AbortController();
    const aborted = rejection(operation.wait({ signal: controller.signal }));
    const timedOut = rejection(operation.wait({ timeoutMs: 20 }));
    await asked.promise;

    controller.abort('no time');
    expect(await aborted).toBe('no time');
    expect(await timedOut).toBeInstanceOf(WaitTimeoutError);
    end.resolve();
    for (const outcome of await Promise.all(patient)) expect(outcome.state).toBe('succeeded');
    expect(server.calls.map(({ method }) => method)).toEqual(['waitOperation']);
  });

  it('requests stop when the last wait ends; a later wait starts again', async () => {
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const { server, client } = await scripted({
      waitOperation: (call, count) => {
        if (count === 1) return succeeded();
        call.once('cancelled', ended.resolve);
        asked.resolve();
        return never();
      },
    });
    const operation = client.operation(NAME);
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => rejection(operation.wait({ signal })));
    await asked.promise;
    for (const controller of controllers) controller.abort();
    await Promise.all([...waits, ended.promise]);
    expect((await operation.wait()).state).toBe('succeeded');
    expect(server.count('waitOperation')).toBe(2);
  });

  it('all reject with an error, and can wait again', async () => {
    const { client } = await scripted({
      waitOperation: (_, count) => {
        if (count === 0) throw status(Code.PERMISSION_DENIED);
        return succeeded();
      },
    });
    const operation = client.operation(NAME);
    const errors = await Promise.all([rejection(operation.wait()), rejection(operation.wait())]);
    for (const error of errors) expect(error).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect((await operation.wait()).state).toBe('succeeded');
  });
});

describe('wait › giving up (contract 38)', () => {
  const moments: [string, Script, (server: ScriptedServer, clock: ManualClock) => Promise<void>][] = [
    [
      'in a long-poll',
      { waitOperation: never },
      async (server) => {
        while (server.count('waitOperation') === 0) await settled();
      },
    ],
    ['in a pause', { getOperation: () => running() }, (_, clock) => clock.whenArmed(1)],
  ];

  it.each(moments)('an abort %s takes effect at once and cancels nothing', async (_, script, reached) => {
    const clock = manualClock();
    const { server, client } = await scripted({ cancelOperation: () => ({}), ...script }, { clock });
    const controller = new AbortController();
    const waiting = rejection(client.operation(NAME).wait({ signal: controller.signal }));
    await reached(server, clock);
    controller.abort('enough');
    expect(await Promise.race([waiting, settled().then(() => 'not noticed')])).toBe('enough');
    expect(server.count('cancelOperation')).toBe(0);
  });

  it('a timeout takes effect at once, has the latest state and cancels nothing', async () => {
    const clock = manualClock();
    const { server, client } = await scripted(
      { getOperation: () => running(), cancelOperation: () => ({}) },
      { clock },
    );
    const operation = client.operation(NAME);
    await operation.get();
    const waiting = rejection(operation.wait({ timeoutMs: 100 }));
    await clock.advance(99);
    expect(await Promise.race([waiting, settled().then(() => 'waiting')])).toBe('waiting');
    await clock.advance(1);
    const error = await Promise.race([waiting, settled()]);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({
      name: 'WaitTimeoutError',
      operationName: NAME,
      code: Code.DEADLINE_EXCEEDED,
      snapshot: { state: 'running' },
      message: 'operation "operations/1" did not end within 100 ms: it continues; wait again',
    });
    expect(server.count('cancelOperation')).toBe(0);
  });

  it('an aborted signal rejects without a call, even if the end is known', async () => {
    const { server, client } = await scripted({});
    const signal = AbortSignal.abort('too late');
    await expect(client.operation(succeeded()).wait({ signal })).rejects.toBe('too late');
    await expect(client.operation(NAME).cancelAndWait({ signal })).rejects.toBe('too late');
    expect(server.calls).toEqual([]);
  });

  it.each(moments)('closing the client %s ends the wait', async (_, script, reached) => {
    const clock = manualClock();
    const { server, client } = await scripted(script, { clock });
    const waiting = client.operation(NAME).wait();
    await reached(server, clock);
    client.close();
    const error = await expectKitError(waiting, Code.UNAVAILABLE, { reason: 'CLIENT_CLOSED' });
    expect(error).toMatchObject({ operationName: NAME });
    await expectKitError(client.operation(NAME).wait(), Code.UNAVAILABLE, { reason: 'CLIENT_CLOSED' });
  });

  it('leaves no timer and no listener; no-leaks.ts checks the rest (contract 42)', async () => {
    const clock = manualClock();
    const { client } = await scripted({ getOperation: () => running() }, { clock });
    const controller = new AbortController();
    const operation = client.operation(NAME);
    const waits = Array.from({ length: 50 }, () => rejection(operation.wait({ signal: controller.signal })));
    await clock.whenArmed(1);
    controller.abort('enough');
    expect(new Set(await Promise.all(waits))).toEqual(new Set(['enough']));
    expect(clock.armed).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});
