import { describe, expect, it, jest } from '@jest/globals';
import { grpcOperations } from '../../../src/conformance/grpc-operations.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { startTestServer } from '../../../src/testing/index.js';
import { processFaults } from '../../helpers/process-faults.js';

describe('a test server', () => {
  it('answers and records a request that ProtoJSON cannot express', async () => {
    using faults = processFaults();
    await using server = await startTestServer();
    using api = grpcOperations(server.address);
    // Longer than the maximum Duration.
    const timeout = { seconds: 1e15, nanos: 0 };
    const error = await rejection(api.waitOperation({ name: 'operations/1', timeout }));
    expect(error).toMatchObject({ code: Code.NOT_FOUND });
    expect(server.calls).toMatchObject([
      { method: 'google.longrunning.Operations.WaitOperation', request: { name: 'operations/1' } },
    ]);
    expect(await faults.take()).toEqual([]);
  });

  it.each([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('answers if onCall %s', async (_, onCall) => {
    using faults = processFaults();
    using reported = jest.spyOn(console, 'error').mockImplementation(() => {});
    await using server = await startTestServer({ onCall });
    using api = grpcOperations(server.address);
    expect(await rejection(api.getOperation({ name: 'operations/1' }))).toMatchObject({
      code: Code.NOT_FOUND,
    });
    expect(await faults.take()).toEqual([]);
    expect(reported).toHaveBeenCalled();
  });
});

function fail(): never {
  throw new Error('user code');
}
