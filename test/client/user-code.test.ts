import { setTimeout as delay } from 'node:timers/promises';
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code, OperationsClient, StatusError } from '../../src/index.js';
import { startTestServer } from '../../src/testing/index.js';
import { processFaults } from '../helpers/process-faults.js';
import { MISBEHAVIORS, VALUES } from '../server/user-code.js';

describe('misbehaving user code in a client', () => {
  it.each(Object.keys(MISBEHAVIORS))(
    'a token function that %s: calls reject with a StatusError',
    async (way) => {
      using faults = processFaults();
      await using server = await startTestServer();
      for (const make of VALUES) {
        const token = MISBEHAVIORS[way]?.(make) as () => Promise<string>;
        await using client = new OperationsClient({ address: server.address, token });
        const call = client.getOperation({ name: 'operations/1' }, { timeoutMs: 10_000 });
        expect((await rejection(call)) instanceof StatusError).toBe(true);
        expect(await faults.take()).toEqual([]);
      }
    },
  );

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
      /`retry` failed: mine/,
    ],
    [
      'throws a promise that rejects',
      () => {
        throw Promise.reject(new Error('mine'));
      },
      /`retry` failed: Promise/,
    ],
    ['returns a promise of false', async () => false, /`retry` failed: its result is a promise/],
    [
      'returns a promise that rejects',
      async () => {
        throw new Error('mine');
      },
      /`retry` failed: its result is a promise/,
    ],
    ['returns undefined', () => undefined, /^unknown operation|not found|does not exist|no operation/i],
  ])('a retry predicate that %s: waits end with the error of the server', async (_, predicate, message) => {
    using faults = processFaults();
    await using server = await startTestServer();
    const retry = predicate as () => boolean;
    await using client = new OperationsClient({ address: server.address, retry });
    const operation = client.operation('operations/unknown');
    const ways: (() => Promise<unknown>)[] = [
      () => operation.wait(),
      () => operation.cancelAndWait(),
      () => operation.updates()[Symbol.asyncIterator]().next(),
    ];
    for (const wait of ways) {
      expect(await rejection(wait())).toMatchObject({
        code: Code.NOT_FOUND,
        message: expect.stringMatching(message),
      });
    }
    expect(await faults.take()).toEqual([]);
  });

  it.each([true, 5, 'no', {}, null])('%j as retry is rejected, for the client and for a handle', (given) => {
    const retry = given as unknown as () => boolean;
    const make = () => new OperationsClient({ address: 'localhost:1', retry });
    expect(make).toThrow(/^retry must be a function, got (?!undefined)\w+: /);
    const client = new OperationsClient({ address: 'localhost:1' });
    expect(() => client.operation('operations/1', undefined, { retry })).toThrow(TypeError);
    client.close();
  });

  it('an interceptor that throws on cancellation: the wait rejects, and the process survives', async () => {
    using faults = processFaults();
    await using server = await startTestServer();
    const interceptor: Interceptor = (options, next) =>
      new InterceptingCall(next(options), {
        cancel() {
          throw new Error('interceptor');
        },
      });
    await using client = new OperationsClient({ address: server.address, interceptors: [interceptor] });
    const { name } = await server.createOperation();
    const controller = new AbortController();
    const waited = rejection(client.operation(name).wait({ signal: controller.signal }));
    await server.whenCalled('WaitOperation');
    controller.abort(new Error('enough'));
    expect(await waited).toMatchObject({ message: 'enough' });
    await delay(0);
    expect(await faults.take()).toEqual([]);
  });
});
