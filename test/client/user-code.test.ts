import { setTimeout as delay } from 'node:timers/promises';
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { OperationsClient, StatusError } from '../../src/index.js';
import { rejection } from '../../src/testing/conformance/kit-error.js';
import { startTestServer } from '../../src/testing/index.js';
import { processFaults } from '../helpers/process-faults.js';
import { MISBEHAVIORS, VALUES } from '../server/user-code.js';

describe('code of users that misbehaves in a client', () => {
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

  it('an interceptor that throws when a call is cancelled: the wait rejects, the process lives', async () => {
    using faults = processFaults();
    await using server = await startTestServer();
    const interceptor: Interceptor = (options, next) =>
      new InterceptingCall(next(options), {
        cancel() {
          throw new Error('interceptor');
        },
      });
    await using client = new OperationsClient({ address: server.address, interceptors: [interceptor] });
    const { name } = await server.operation();
    const controller = new AbortController();
    const waited = rejection(client.operation(name).wait({ signal: controller.signal }));
    await server.whenCalled('WaitOperation');
    controller.abort(new Error('enough'));
    expect(await waited).toMatchObject({ message: 'enough' });
    await delay(0);
    expect(await faults.take()).toEqual([]);
  });
});
