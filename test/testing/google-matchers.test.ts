import { protos } from '@google-cloud/speech';
import { describe, expect, it } from '@jest/globals';
import 'longrunning/testing/jest';
import { fromGax } from '../../src/client/gax/index.js';
import { createCluster, gkeClient, PARENT, speechClient } from '../client/gax/google-clients.js';
import { startGoogleServer } from '../client/gax/google-server.js';

const CREATE = 'google.cloud.gkemulticloud.v1.AttachedClusters.CreateAttachedCluster';
const RECOGNIZE = 'google.cloud.speech.v1.Speech.LongRunningRecognize';

describe('matchers › the real google-gax client', () => {
  it.each(['PERMISSION_DENIED', 'NOT_FOUND', 'ABORTED', 'UNAUTHENTICATED'] as const)(
    'rejects.toHaveFailedWith: the operation failed with %s',
    async (code) => {
      const script = `methods: { ${CREATE}: { durationMs: 1, error: { code: ${code}, message: no } } }`;
      await using server = await startGoogleServer({ script });
      await using client = await gkeClient(server.port);
      const operation = await createCluster(client);
      await expect(operation.promise()).rejects.toHaveFailedWith(code);
      expect(operation).toHaveFailedWith(code);
      expect(await fromGax(operation).wait()).toHaveFailedWith(code);
    },
  );

  it('rejects.toBeCancelled: the operation was cancelled', async () => {
    const script = `methods: { ${CREATE}: { durationMs: 600000, onCancel: honour } }`;
    await using server = await startGoogleServer({ script });
    await using client = await gkeClient(server.port);
    const operation = await createCluster(client);
    await operation.cancel();
    await expect(operation.promise()).rejects.toBeCancelled();
    expect(operation).toBeCancelled();
  });

  it('rejects.toHaveFailedWith: a call failed', async () => {
    const error = { code: 7, details: 'no', metadata: undefined };
    await using server = await startGoogleServer({
      script: `methods: { ${CREATE}: { durationMs: 1 } }`,
      instead: { getOperation: (_: unknown, callback: (error: object) => void) => callback(error) },
    });
    await using client = await gkeClient(server.port);
    const operation = await createCluster(client);
    await expect(operation.promise()).rejects.toHaveFailedWith('PERMISSION_DENIED');
    await expect(
      client.getAttachedCluster({ name: `${PARENT}/attachedClusters/none` }),
    ).rejects.toHaveFailedWith('NOT_FOUND');
  });

  it('toHaveSucceededWith: 64-bit integers are Long, in the result of promise(), in the operation and in an outcome', async () => {
    const script = `methods: { ${RECOGNIZE}: { durationMs: 1, response: { requestId: "9007199254740993" } } }`;
    await using server = await startGoogleServer({ script });
    await using client = await speechClient(server.port);
    const [operation] = await client.longRunningRecognize({ config: { languageCode: 'en' }, audio: {} });
    const resolved = await operation.promise();
    expect(typeof resolved[0].requestId).toBe('object');
    for (const form of [resolved, operation, await fromGax(operation).wait()]) {
      expect(form).toHaveSucceededWith({ requestId: 9007199254740993n });
      expect(form).toHaveSucceededWith({ requestId: '9007199254740993' });
      expect(form).not.toHaveSucceededWith({ requestId: 10 });
    }
    const { LongRunningRecognizeResponse } = protos.google.cloud.speech.v1;
    const response = LongRunningRecognizeResponse.fromObject({ requestId: 10 });
    expect({ state: 'succeeded', response }).toHaveSucceededWith({ requestId: 10 });
  });
});
