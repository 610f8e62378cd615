import { getEventListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { OperationError } from '../../src/client/calls/errors.js';
import { OperationsClient } from '../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../src/conformance/kit-error.js';
import { PARENT, type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, kitError, StatusError } from '../../src/core/status.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { NAME, scriptedClient } from './scripted-client.js';
import { never, running, startScriptedServer, status, succeeded } from './scripted-server.js';

const opened = closeAfterEach();

async function reports(): Promise<{ server: ReportsServer; client: OperationsClient }> {
  const server = await startReportsServer();
  const client = new OperationsClient({ address: server.address });
  opened(server, client);
  return { server, client };
}

const scripted = async (...args: Parameters<typeof scriptedClient>) => opened(await scriptedClient(...args));

describe('client › the five methods', () => {
  it('gets, lists, cancels, waits for and deletes an operation', async () => {
    const { server, client } = await reports();
    const { name } = await server.inProcess.exportReport();
    await server.exports.on(name);

    expect(await client.getOperation({ name })).toMatchObject({ name, done: false });
    const page = await client.listOperations({ name: PARENT, filter: 'done = false' });
    expect(page.operations.map((operation) => operation.name)).toEqual([name]);
    expect(await client.cancelOperation({ name })).toBeUndefined();
    const ended = await client.waitOperation({ name });
    expect(ended.result).toMatchObject({ $case: 'error', value: { code: Code.CANCELLED } });
    expect(await client.deleteOperation({ name })).toBeUndefined();
    await expect(client.getOperation({ name })).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });

  it('reaches a server behind a socket file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longrunning-'));
    const server = await startScriptedServer({ getOperation: () => running() }, `unix:${folder}/socket`);
    const client = new OperationsClient({ address: server.address });
    opened({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }, server, client);
    expect(await client.getOperation({ name: NAME })).toEqual(running());
  });
});

describe('client › errors', () => {
  it('name the operation, and keep code, message and details', async () => {
    const thrown = kitError(Code.FAILED_PRECONDITION, 'LOCKED', 'it is locked: unlock it', {
      metadata: { a: 'b' },
    });
    const { client } = await scripted({
      getOperation: () => {
        throw thrown;
      },
    });
    const error = await rejection(client.getOperation({ name: NAME }));
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({ operationName: NAME, code: thrown.code, message: thrown.message });
    expect((error as OperationError).detail(ErrorInfo)).toEqual(thrown.detail(ErrorInfo));
  });

  it('of a listing name the parent', async () => {
    const { client } = await reports();
    const listing = client.listOperations({ name: PARENT, pageSize: -1 });
    const error = await expectKitError(listing, Code.INVALID_ARGUMENT, { field: 'page_size' });
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({ operationName: PARENT });
  });

  it.each([1, 3, 8])(
    'a response truncated by %i bytes: INTERNAL, never a partial operation',
    async (missing) => {
      const { client } = await scripted({
        getOperation: () => Buffer.from(Operation.encode(succeeded()).finish()).subarray(0, -missing),
      });
      await expect(client.getOperation({ name: NAME })).rejects.toMatchObject({ code: Code.INTERNAL });
    },
  );

  it('a response with bytes after an extra zero: INTERNAL', async () => {
    const { client } = await scripted({
      getOperation: () =>
        Buffer.concat([Buffer.from(Operation.encode(running()).finish()), Buffer.from([0, 1])]),
    });
    await expect(client.getOperation({ name: NAME })).rejects.toMatchObject({ code: Code.INTERNAL });
  });

  it('a name that is too long or malformed Unicode: INVALID_ARGUMENT of the server (contract 9)', async () => {
    const { client } = await reports();
    for (const name of ['x'.repeat(1_000_000), 'é'.repeat(513), 'operations/\ud800']) {
      await expectKitError(client.getOperation({ name }), Code.INVALID_ARGUMENT, { field: 'name' });
    }
  });
});

describe('client › headers', () => {
  it('adds a routing header with the percent-encoded name, once per call', async () => {
    const { server, client } = await scripted({ getOperation: () => running() });
    await client.getOperation({ name: 'projects/p/operations/a b&ü' });
    expect(server.calls[0]?.metadata.get('x-goog-request-params')).toEqual([
      'name=projects%2Fp%2Foperations%2Fa%20b%26%C3%BC',
    ]);
  });

  it('sends those of the client and those of the call, which take precedence', async () => {
    const { server, client } = await scripted(
      { getOperation: () => running() },
      { headers: { a: 'client', b: 'client' } },
    );
    await client.getOperation({ name: NAME }, { headers: { b: 'call', c: 'call' } });
    await client.getOperation({ name: NAME });
    const sent = server.calls.map(({ metadata }) => ['a', 'b', 'c'].map((key) => metadata.get(key).join()));
    expect(sent).toEqual([
      ['client', 'call', 'call'],
      ['client', 'client', ''],
    ]);
  });

  it('rejects one that cannot be sent', async () => {
    const { client } = await scripted({});
    const call = client.getOperation({ name: NAME }, { headers: { 'not ok': 'x' } });
    await expectKitError(call, Code.INVALID_ARGUMENT, { field: 'headers' });
    const token = client.getOperation({ name: NAME }, { headers: { authorization: 'secret\n' } });
    const refused = await expectKitError(token, Code.INVALID_ARGUMENT, { field: 'headers' });
    expect(inspect(refused, { depth: 9 })).not.toContain('secret');
    expect(() => new OperationsClient({ address: 'localhost:1', headers: { a: 'ü\n' } })).toThrow(
      StatusError,
    );
  });
});

describe('client › retries and deadlines', () => {
  it('retries while the server is UNAVAILABLE, and for no other code', async () => {
    const { server, client } = await scripted({
      getOperation: (_, count) => {
        if (count === 0) throw status(Code.UNAVAILABLE);
        return running();
      },
      cancelOperation: () => {
        throw status(Code.ABORTED);
      },
    });
    await client.getOperation({ name: NAME });
    await expect(client.cancelOperation({ name: NAME })).rejects.toMatchObject({ code: Code.ABORTED });
    expect([server.count('getOperation'), server.count('cancelOperation')]).toEqual([2, 1]);
  });

  it('does not retry WaitOperation', async () => {
    const { server, client } = await scripted({
      waitOperation: () => {
        throw status(Code.UNAVAILABLE);
      },
    });
    await expect(client.waitOperation({ name: NAME })).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(server.count('waitOperation')).toBe(1);
  });

  it('timeoutMs covers all attempts', async () => {
    const { client } = await scripted({
      getOperation: () => {
        throw status(Code.UNAVAILABLE);
      },
      waitOperation: never,
    });
    for (const call of [client.getOperation, client.waitOperation]) {
      const ended = call.call(client, { name: NAME }, { timeoutMs: 100 });
      // Five attempts would have ended with UNAVAILABLE, seconds later.
      await expect(ended).rejects.toMatchObject({ code: Code.DEADLINE_EXCEEDED, operationName: NAME });
    }
  });

  it('without timeoutMs, a call has 10 s, and WaitOperation 10 s plus its timeout', async () => {
    const deadlines: number[] = [];
    const { client } = await scripted({
      getOperation: (call) => {
        deadlines.push(Number(call.getDeadline()) - Date.now());
        return running();
      },
      waitOperation: (call) => {
        deadlines.push(Number(call.getDeadline()) - Date.now());
        return running();
      },
    });
    await client.getOperation({ name: NAME });
    await client.waitOperation({ name: NAME });
    await client.waitOperation({ name: NAME, timeout: { seconds: 60, nanos: 500_000_000 } });
    await client.getOperation({ name: NAME }, { timeoutMs: 30_000 });
    await client.getOperation({ name: NAME }, { timeoutMs: Number.POSITIVE_INFINITY });
    const wanted = [10_000, 10_000, 70_500, 30_000, Number.POSITIVE_INFINITY];
    // Transmission takes some of the time, more on a busy machine.
    const lost = deadlines.map((ms, index) => (ms === wanted[index] ? 0 : (wanted[index] ?? 0) - ms));
    expect(deadlines).toHaveLength(wanted.length);
    for (const ms of lost) expect(Math.abs(ms)).toBeLessThan(3000);
  });

  it.each([-1, Number.NaN])('timeoutMs %d: TypeError', async (timeoutMs) => {
    const { client } = await scripted({});
    const call = client.getOperation({ name: NAME }, { timeoutMs });
    expect(await rejection(call)).toEqual(
      new TypeError(`timeoutMs is ${timeoutMs}: give milliseconds, 0 or more, or leave it out`),
    );
  });
});

describe('client › giving up', () => {
  it('an abort rejects at once with the reason of the signal, and cancels the call', async () => {
    const taken = Promise.withResolvers<void>();
    const { client } = await scripted({
      waitOperation: (call) => {
        call.once('cancelled', taken.resolve);
        controller.abort(reason);
        return never();
      },
    });
    const controller = new AbortController();
    const reason = new Error('the user left');
    await expect(client.waitOperation({ name: NAME }, { signal: controller.signal })).rejects.toBe(reason);
    await taken.promise;
  });

  it('an aborted signal prevents the call', async () => {
    const { server, client } = await scripted({ getOperation: () => running() });
    const reason = new Error('gone');
    const call = client.getOperation({ name: NAME }, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(server.calls).toEqual([]);
  });

  it('close rejects pending and later calls with UNAVAILABLE "client is closed"', async () => {
    const { client } = await scripted({
      waitOperation: () => {
        client.close();
        return never();
      },
    });
    const expected = { reason: 'CLIENT_CLOSED', message: /^client is closed: / };
    await expectKitError(client.waitOperation({ name: NAME }), Code.UNAVAILABLE, expected);
    const error = await expectKitError(client.getOperation({ name: NAME }), Code.UNAVAILABLE, expected);
    expect(error).toMatchObject({ operationName: NAME });
    client.close();
  });

  it('a thousand calls with one signal leave no listener (contract 42)', async () => {
    const { client } = await scripted({ getOperation: () => running() });
    const { signal } = new AbortController();
    const calls = Array.from({ length: 1000 }, () => client.getOperation({ name: NAME }, { signal }));
    await Promise.all(calls);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('client › retry', () => {
  const refused = {
    waitOperation: (_: unknown, count: number) => {
      if (count < 2) throw status(Code.ABORTED);
      return succeeded();
    },
    getOperation: () => {
      throw status(Code.ABORTED);
    },
  };
  const retry = ({ code }: StatusError) => code === Code.ABORTED;

  it('of the client decides about errors that would end a wait', async () => {
    const { client } = await scripted(refused, { random: () => 0, retry });
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
  });

  it('of a handle takes precedence over that of the client', async () => {
    const { client } = await scripted(refused, { random: () => 0, retry });
    const operation = client.operation(NAME, undefined, { retry: () => false });
    expect(await rejection(operation.wait())).toMatchObject({ code: Code.ABORTED });
    const other = client.operation(NAME, undefined, { retry });
    expect((await other.wait()).state).toBe('succeeded');
  });
});

describe('client › large responses', () => {
  it('a response and a page of 20 MB each are received', async () => {
    const value = {
      typeUrl: 'type.googleapis.com/google.protobuf.BytesValue',
      value: Buffer.alloc(20_000_000),
    };
    const large = Operation.fromPartial({ name: NAME, done: true, result: { $case: 'response', value } });
    const { client } = await scripted({ getOperation: () => large, waitOperation: () => large });
    expect((await client.getOperation({ name: NAME })).result?.$case).toBe('response');
    expect((await client.operation(NAME).wait()).state).toBe('succeeded');
  });

  it('channelOptions can set a limit', async () => {
    const large = Operation.fromPartial({
      name: NAME,
      metadata: { typeUrl: 'type.googleapis.com/google.protobuf.BytesValue', value: Buffer.alloc(2000) },
    });
    const channelOptions = { 'grpc.max_receive_message_length': 1000 };
    const { client } = await scripted({ getOperation: () => large }, { channelOptions });
    await expect(client.getOperation({ name: NAME })).rejects.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
    });
  });
});
