import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { startTestServer } from '../../../src/testing/index.js';
import { anyString } from '../../helpers/any-value.js';
import { getJson, once } from './callers.js';

describe('arbitrary text in a test server (contract 50)', () => {
  it('in an injected error arrives well-formed, over gRPC and REST, and the next call succeeds', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    const { name } = await server.createOperation();
    using caller = once(server.address);
    const property = fc.asyncProperty(anyString(), async (message) => {
      server.failNext('GetOperation', { code: 'ABORTED', message, times: 2 });
      const overGrpc = StatusError.from(await rejection(caller.get(name)));
      expect(overGrpc.code).toBe(Code.ABORTED);
      const overRest = await getJson(server.url, name);
      expect(await overRest.json()).toMatchObject({ error: { code: 409, message: overGrpc.message } });
      expect((await caller.get(name)).name).toBe(name);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('in the outcome of an operation is stored well-formed, also in malformed details', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    const property = fc.asyncProperty(anyString(), fc.anything(), async (message, details) => {
      const operation = await server.createOperation();
      await operation.fail(new StatusError(Code.ABORTED, message, details as []));
      const outcome = await server.client.operation(operation.name).wait();
      expect(outcome).toMatchObject({
        state: 'failed',
        error: { code: Code.ABORTED, message: message.toWellFormed() },
      });
      expect((await getJson(server.url, operation.name)).status).toBe(200);
    });
    await fc.assert(property, { numRuns: 50 });
  });
});
