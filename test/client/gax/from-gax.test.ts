import type { protos } from '@google-cloud/gkemulticloud';
import { describe, expect, it } from '@jest/globals';
import { Empty } from '../../../generated/google/protobuf/empty.js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import {
  OperationCancelledError,
  OperationError,
  OperationFailedError,
} from '../../../src/client/calls/errors.js';
import { fromGax } from '../../../src/client/gax/index.js';
import type { OperationHandle } from '../../../src/client/operations/operation-handle.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { operationMethod } from '../../../src/core/operation-method.js';
import { Code } from '../../../src/core/status.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { authorizedGkeClient, createCluster, gkeClient, PARENT, speechClient } from './google-clients.js';
import { type GoogleServerOptions, startGoogleServer } from './google-server.js';

const GKE = 'google.cloud.gkemulticloud.v1.AttachedClusters';
const CLUSTER = `${PARENT}/attachedClusters/a`;

const createScript = (...lines: string[]) =>
  `methods:\n  ${GKE}.CreateAttachedCluster:\n${lines.map((line) => `    ${line}\n`).join('')}`;
const ENDLESS = createScript('durationMs: 600000', 'onCancel: honour');

const opened = closeAfterEach();

async function gke(options: GoogleServerOptions) {
  const server = opened(await startGoogleServer(options));
  return { server, client: opened(await gkeClient(server.port)) };
}

describe('fromGax › the client of GKE Multi-Cloud', () => {
  it('waits by WaitOperation, over the connection of the client itself', async () => {
    const { server, client } = await gke({ script: createScript('durationMs: 200') });
    const operation = await createCluster(client);
    const { name } = operation;
    await client.getOperation({ name } as protos.google.longrunning.GetOperationRequest);

    expect((await fromGax(operation).wait()).state).toBe('succeeded');
    const [asked] = server.of('GetOperation');
    const [waited, ...more] = server.of('WaitOperation');
    expect(more).toEqual([]);
    expect(waited?.peer).toBe(asked?.peer);
    expect(waited?.headers['x-goog-request-params']).toBe(`name=${encodeURIComponent(name ?? '')}`);
  });

  it('reads response and metadata into the types of the client', async () => {
    const script = createScript('durationMs: 1', `response: { name: ${CLUSTER}, description: mine }`);
    const { client } = await gke({ script });
    const handle: OperationHandle<
      protos.google.cloud.gkemulticloud.v1.IAttachedCluster,
      protos.google.cloud.gkemulticloud.v1.IOperationMetadata
    > = fromGax(await createCluster(client));

    const outcome = await handle.wait();
    expect(outcome.metadata).toMatchObject({ verb: 'create', target: CLUSTER });
    expect(outcome.state === 'succeeded' && outcome.response).toMatchObject({
      name: CLUSTER,
      description: 'mine',
    });
    const { description } = await handle.result();
    expect(description).toBe('mine');
  });

  it('cancels, and reports the cancelled outcome', async () => {
    const { client } = await gke({ script: ENDLESS });
    const handle = fromGax(await createCluster(client));
    const outcome = await handle.cancelAndWait();
    expect(outcome.state).toBe('cancelled');
    expect(outcome.metadata?.requestedCancellation).toBe(true);
    expect(await rejection(handle.result())).toBeInstanceOf(OperationCancelledError);
  });

  it('keeps the details of the error that an operation ended with', async () => {
    const error =
      '{ code: FAILED_PRECONDITION, message: quota, details: [{ "@type": type.googleapis.com/google.rpc.ErrorInfo, reason: QUOTA, domain: gke }] }';
    const { client } = await gke({ script: createScript('durationMs: 1', `error: ${error}`) });
    const thrown = await rejection(fromGax(await createCluster(client)).result());
    if (!(thrown instanceof OperationFailedError)) throw thrown;
    expect(thrown.code).toBe(Code.FAILED_PRECONDITION);
    expect(thrown.detail(ErrorInfo)).toMatchObject({ reason: 'QUOTA', domain: 'gke' });
  });

  it('keeps the details of the error that a call ended with', async () => {
    const { client } = await gke({ script: ENDLESS });
    const handle = fromGax(await createCluster(client));
    await handle.delete();
    const thrown = await rejection(handle.get());
    if (!(thrown instanceof OperationError)) throw thrown;
    expect(thrown.code).toBe(Code.NOT_FOUND);
    expect(thrown.detail(ErrorInfo)?.domain).toBe('longrunning');
  });

  it('resumes from a name, with the types of the client', async () => {
    const { client } = await gke({ script: ENDLESS });
    const { name } = await createCluster(client);
    const resumed = fromGax(await client.checkCreateAttachedClusterProgress(name ?? ''));
    expect(resumed.name).toBe(name);
    expect(resumed.toJSON()).toEqual({ name });
    const { metadata } = await resumed.get();
    expect(metadata?.verb).toBe('create');
  });

  it('uses the types of a given method', async () => {
    const script = `methods:\n  ${GKE}.DeleteAttachedCluster:\n    durationMs: 1\n`;
    const { client } = await gke({ script });
    const path = `/${GKE}/DeleteAttachedCluster`;
    const method = operationMethod({ path, request: Empty, response: Empty, metadata: Empty });
    const [operation] = await client.deleteAttachedCluster({ name: CLUSTER, allowMissing: true });
    const handle = fromGax(operation, method);
    expect(await handle.result()).toEqual(Empty.fromPartial({}));
    expect(handle.toJSON()).toEqual({ name: operation.name, method: path });
  });

  it('makes no call when the end is known', async () => {
    const { server, client } = await gke({ script: createScript('durationMs: 1') });
    const operation = await createCluster(client);
    await operation.promise();
    const before = server.calls.length;
    expect((await fromGax(operation).wait()).state).toBe('succeeded');
    expect(server.calls).toHaveLength(before);
  });

  it('sends the credentials of the client, only to its server', async () => {
    const server = opened(await startGoogleServer({ tls: true, script: ENDLESS }));
    let tokens = 0;
    const client = opened(await authorizedGkeClient(server.port, () => `token-${tokens++}`));
    await fromGax(await createCluster(client)).cancelAndWait();
    const sent = server.calls.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer token-0', 'Bearer token-1', 'Bearer token-2']);
  });
});

describe('fromGax › a server or a client with limits', () => {
  it('polls without WaitOperation, and remembers that for the client', async () => {
    const unimplemented = (_: unknown, callback: (error: object) => void) =>
      callback({ code: Code.UNIMPLEMENTED, details: 'no' });
    const { server, client } = await gke({
      script: createScript('durationMs: 1'),
      instead: { waitOperation: unimplemented },
    });
    await fromGax(await createCluster(client)).wait();
    await fromGax(await createCluster(client, {}, 'b')).wait();
    expect(server.of('WaitOperation')).toHaveLength(1);
  });

  it('retries a call while the server is UNAVAILABLE', async () => {
    let failures = 0;
    const unavailable = (_: unknown, callback: (error: object | null, answer?: object) => void) =>
      failures++ === 0 ? callback({ code: Code.UNAVAILABLE, details: 'busy' }) : callback(null, {});
    const { server, client } = await gke({ script: ENDLESS, instead: { cancelOperation: unavailable } });
    await fromGax(await createCluster(client)).cancel();
    expect(server.of('CancelOperation')).toHaveLength(2);
  });

  it('stops waiting at once on abort, without cancelling the operation', async () => {
    const { server, client } = await gke({ script: ENDLESS });
    const handle = fromGax(await createCluster(client));
    const reason = new Error('enough');
    const giving = new AbortController();
    const waiting = rejection(handle.wait({ signal: giving.signal }));
    await until(() => server.of('WaitOperation').length === 1);
    giving.abort(reason);
    expect(await waiting).toBe(reason);
    expect((await handle.get()).state).toBe('running');
    expect(server.of('CancelOperation')).toEqual([]);
  });

  it('leaves room on the connection for other calls, for any number of waits', async () => {
    const { server, client } = await gke({ script: ENDLESS });
    const operations = await Promise.all(
      Array.from({ length: 120 }, (_, index) => createCluster(client, {}, `c${index}`)),
    );
    const handles = operations.map((operation) => fromGax(operation));
    const giving = new AbortController();
    const waits = handles.map((handle) => handle.wait({ signal: giving.signal }));
    const ends = Promise.allSettled(waits);
    await until(() => server.of('WaitOperation').length >= 50);
    expect(server.of('WaitOperation')).toHaveLength(50);
    await handles[0]?.cancel({ timeoutMs: 10_000 });
    expect((await waits[0])?.state).toBe('cancelled');
    // Waits beyond 50 poll.
    await handles[119]?.cancel({ timeoutMs: 10_000 });
    expect((await waits[119])?.state).toBe('cancelled');
    giving.abort(new Error('enough'));
    await ends;
  });

  it('ends every wait when the client is closed', async () => {
    const { server, client } = await gke({ script: ENDLESS });
    const handle = fromGax(await createCluster(client));
    const waiting = rejection(handle.wait());
    await until(() => server.of('WaitOperation').length === 1);
    await client.close();
    expect(await waiting).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining('client is closed'),
    });
    expect(await rejection(handle.get())).toMatchObject({ code: Code.UNAVAILABLE });
  });
});

describe('fromGax › the client of Speech', () => {
  async function recognizing(durationMs: number) {
    const speech = 'google.cloud.speech.v1.Speech.LongRunningRecognize';
    const response = '{ totalBilledTime: 3s, results: [{ languageCode: de }] }';
    const script = `methods:\n  ${speech}:\n    durationMs: ${durationMs}\n    metadata: { progressPercent: 7 }\n    response: ${response}\n`;
    const server = opened(await startGoogleServer({ script }));
    const client = opened(await speechClient(server.port));
    const [started] = await client.longRunningRecognize({ config: {}, audio: {} });
    return fromGax(started);
  }

  it('waits, with the types of that client', async () => {
    const handle = await recognizing(100);
    expect(handle.name).toMatch(/^operations\/[^/]+$/);
    expect((await handle.get()).metadata?.progressPercent).toBe(7);
    const { results, totalBilledTime } = await handle.result();
    expect(results?.[0]?.languageCode).toBe('de');
    expect(Number(totalBilledTime?.seconds)).toBe(3);
  });

  it('cancels', async () => {
    // Longer than the test: the operation must not end by itself, however busy the machine is.
    const handle = await recognizing(600_000);
    expect((await handle.cancelAndWait()).state).toBe('cancelled');
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 4000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come to that within 4 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('fromGax › other values: a message with advice', () => {
  /** Result of @google-cloud/compute 7, recorded from its InstancesClient.insert. */
  const computeMessage = {
    id: '123',
    kind: 'compute#operation',
    name: 'operation-1',
    operationType: 'insert',
    selfLink: 'https://compute.googleapis.com/compute/v1/projects/p/zones/z/operations/operation-1',
    status: 'RUNNING',
    zone: 'z',
  };
  const computeOperation = {
    latestResponse: computeMessage,
    done: false,
    name: '123',
    metadata: null,
    result: {},
  };

  it.each<[string, (operation: object) => unknown, RegExp]>([
    ['an array', (operation) => [operation], /^fromGax was given an array: take its first element, /],
    ['a promise', async (operation) => [operation], /^fromGax was given a promise: await it, /],
    [
      'an operation of Compute',
      () => computeOperation,
      /^fromGax was given an operation of @google-cloud\/compute/,
    ],
    [
      'a message of Compute',
      () => computeMessage,
      /^fromGax was given an operation of @google-cloud\/compute/,
    ],
    [
      'a message',
      () => ({ name: 'operations/a', metadata: null, done: false }),
      /^fromGax was given an Operation message: write fromGax\(await client\.check/,
    ],
    [
      'a name',
      () => 'operations/a',
      /^fromGax was given the string "operations\/a": write const \[operation\]/,
    ],
    ['nothing', () => undefined, /^fromGax was given undefined: write /],
    ['an object', () => ({}), /^fromGax was given an object that is no operation of google-gax: /],
  ])('%s', async (_, given, message) => {
    const { client } = await gke({ script: ENDLESS });
    const wrong = given(await createCluster(client));
    expect(() => fromGax(wrong as never)).toThrow(TypeError);
    expect(() => fromGax(wrong as never)).toThrow(message);
  });
});
