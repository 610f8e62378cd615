import { describe, expect, it } from '@jest/globals';
import {
  OperationCancelledError,
  OperationError,
  WaitTimeoutError,
} from '../../../src/client/calls/errors.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, codeName } from '../../../src/core/status.js';
import { manualClock, pausesUntil } from '../../../src/testing/clock/manual-clock.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { startBreakableLink } from '../breakable-link.js';
import { NAME, scriptedClient } from '../scripted-client.js';
import { never, running, startScriptedServer, status, succeeded } from '../scripted-server.js';

const opened = closeAfterEach();

const scripted = async (...args: Parameters<typeof scriptedClient>) => opened(await scriptedClient(...args));

describe('wait › a server without WaitOperation', () => {
  it('is polled with backoff, and remembered for every operation of the client', async () => {
    const clock = manualClock();
    const { server, client } = await scripted(
      { getOperation: (_, count) => (count % 4 === 3 ? succeeded() : running()) },
      { clock },
    );
    const waiting = client.operation(NAME).wait();
    expect(await pausesUntil(waiting, clock)).toEqual([250, 375, 563]);
    expect((await waiting).state).toBe('succeeded');

    const another = client.operation('operations/2').wait();
    await pausesUntil(another, clock);
    expect(server.count('getOperation')).toBe(8);
  });

  it('calls WaitOperation only once', async () => {
    const clock = manualClock();
    const { server, client } = await scripted(
      {
        waitOperation: () => {
          throw status(Code.UNIMPLEMENTED);
        },
        getOperation: () => succeeded(),
      },
      { clock },
    );
    await client.operation(NAME).wait();
    await client.operation('operations/2').wait();
    expect([server.count('waitOperation'), server.count('getOperation')]).toEqual([1, 2]);
  });

  it('UNIMPLEMENTED of GetOperation too ends the wait', async () => {
    const { client } = await scripted({});
    await expect(client.operation(NAME).wait()).rejects.toMatchObject({ code: Code.UNIMPLEMENTED });
  });
});

describe('wait › a crowd at a server without WaitOperation', () => {
  it('only the first wait calls it, and polls do not use the connection of other calls', async () => {
    const clock = manualClock();
    const { server, client } = await scripted(
      {
        waitOperation: () => {
          throw status(Code.UNIMPLEMENTED);
        },
        getOperation: (_, count) => (count < 300 ? running() : succeeded()),
        cancelOperation: () => ({}),
      },
      { clock },
    );
    const waits = Array.from({ length: 300 }, (_, n) => client.operation(`operations/${n}`).wait());
    await clock.whenArmed(300);
    await client.cancelOperation({ name: NAME });
    await pausesUntil(Promise.all(waits), clock);
    expect(server.count('waitOperation')).toBe(1);
    const peers = (method: string) =>
      new Set(server.calls.filter((call) => call.method === method).map(({ peer }) => peer));
    expect(peers('getOperation').size).toBeLessThanOrEqual(4);
    for (const peer of peers('cancelOperation')) expect(peers('getOperation')).not.toContain(peer);
  });
});

describe('wait › a server that answers WaitOperation early', () => {
  it('always at once: is polled with backoff up to 30 s', async () => {
    const clock = manualClock();
    const { client } = await scripted(
      { waitOperation: (_, count) => (count === 16 ? succeeded() : running()) },
      { clock },
    );
    const waiting = client.operation(NAME).wait();
    const pauses = await pausesUntil(waiting, clock);
    expect(pauses).toHaveLength(16);
    expect(pauses.slice(0, 3)).toEqual([250, 375, 563]);
    expect(pauses.slice(-3)).toEqual([30_000, 30_000, 30_000]);
  });

  it('after a while: is called again without a pause', async () => {
    const clock = manualClock();
    const { server, client } = await scripted(
      {
        waitOperation: async (_, count) => {
          await clock.advance(2000);
          return count === 20 ? succeeded() : running();
        },
      },
      { clock },
    );
    const waiting = client.operation(NAME).wait();
    expect(await pausesUntil(waiting, clock)).toEqual([]);
    expect(server.count('waitOperation')).toBe(21);
  });
});

describe('wait › errors (contract 36)', () => {
  it.each([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED])(
    'code %i: goes on, with growing pauses',
    async (code) => {
      const clock = manualClock();
      const { client } = await scripted(
        {
          waitOperation: (_, count) => {
            if (count < 3) throw status(code);
            return succeeded();
          },
        },
        { clock },
      );
      const waiting = client.operation(NAME).wait();
      expect(await pausesUntil(waiting, clock)).toEqual([250, 375, 563]);
      expect((await waiting).state).toBe('succeeded');
    },
  );

  it.each(
    Object.values(Code).filter(
      (code) =>
        ![
          Code.OK,
          Code.UNAVAILABLE,
          Code.DEADLINE_EXCEEDED,
          Code.UNIMPLEMENTED,
          Code.INTERNAL,
          Code.UNKNOWN,
        ].some((other) => other === code),
    ),
  )('code %i: ends the wait with that code; waiting again works', async (code) => {
    const { client } = await scripted({
      waitOperation: (_, count) => {
        if (count === 0) throw status(code);
        return succeeded();
      },
    });
    const operation = client.operation(NAME);
    const error = await rejection(operation.wait());
    expect(error).toBeInstanceOf(OperationError);
    expect(error).not.toBeInstanceOf(OperationCancelledError);
    expect(error).toMatchObject({ code, operationName: NAME, message: `scripted ${codeName(code)}` });
    expect((await operation.wait()).state).toBe('succeeded');
  });

  it('UNAVAILABLE after a while: backoff too, because nothing was held', async () => {
    const clock = manualClock();
    const { client } = await scripted(
      {
        waitOperation: async (_, count) => {
          await clock.advance(500);
          if (count < 3) throw status(Code.UNAVAILABLE);
          return succeeded();
        },
      },
      { clock },
    );
    expect(await pausesUntil(client.operation(NAME).wait(), clock)).toEqual([250, 375, 563]);
  });

  it('a truncated response ends the wait with INTERNAL', async () => {
    const { client } = await scripted({ waitOperation: () => Buffer.from([0x0a, 0x05, 0x61]) });
    await expect(client.operation(NAME).wait()).rejects.toMatchObject({ code: Code.INTERNAL });
  });

  it('a broken connection is replaced', async () => {
    const asked = Promise.withResolvers<void>();
    const server = await startScriptedServer({
      waitOperation: (_, count) => {
        asked.resolve();
        return count === 0 ? never() : succeeded();
      },
    });
    const link = await startBreakableLink(server.address);
    const client = new OperationsClient({ address: link.address });
    opened(server, link, client);
    const waiting = client.operation(NAME).wait();
    await asked.promise;
    link.break();
    expect((await waiting).state).toBe('succeeded');
  });

  it('UNAVAILABLE is retried until the timeout of the caller, whose error has it as cause', async () => {
    const clock = manualClock();
    const { client } = await scripted(
      {
        waitOperation: () => {
          throw status(Code.UNAVAILABLE);
        },
      },
      { clock },
    );
    const waiting = client.operation(NAME).wait({ timeoutMs: 5000 });
    const rejected = rejection(waiting);
    while (!(await Promise.race([rejected.then(() => true), clock.whenArmed(2).then(() => false)]))) {
      await clock.advance(clock.untilNextMs);
    }
    const error = await rejected;
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ snapshot: undefined, cause: { code: Code.UNAVAILABLE } });
    expect((error as Error).message).toContain('last error: UNAVAILABLE: scripted UNAVAILABLE');
  });
});

describe('wait › without a call (contract 35)', () => {
  it('done in the start response', async () => {
    const { server, client } = await scripted({});
    const operation = client.operation(succeeded());
    expect((await operation.wait({ timeoutMs: 0 })).state).toBe('succeeded');
    expect((await operation.cancelAndWait()).state).toBe('succeeded');
    expect(server.calls).toEqual([]);
  });

  it('ended in an earlier wait', async () => {
    const { server, client } = await scripted({ waitOperation: () => succeeded() });
    const operation = client.operation(NAME);
    await operation.wait();
    await operation.wait();
    expect(server.count('waitOperation')).toBe(1);
  });
});
