// Differences between google-gax's operation and the kit's handle for the same operation.

import { describe, expect, it } from '@jest/globals';
import { Operation } from '../../../generated/google/longrunning/operations.js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { OperationError, WaitTimeoutError } from '../../../src/client/calls/errors.js';
import { fromGax } from '../../../src/client/gax/index.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { pack } from '../../../src/core/any.js';
import { Code } from '../../../src/core/status.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { createCluster, gkeClient } from './google-clients.js';
import { type Answer, startScriptedGoogle } from './google-server.js';

const NAME = 'operations/1';
const RUNNING = Operation.fromPartial({ name: NAME });
/** Pause of google-gax between two polls, in milliseconds. */
const poll = (delayMs: number, totalMs = 60_000) => ({
  longrunning: {
    initialRetryDelayMillis: delayMs,
    retryDelayMultiplier: 1,
    maxRetryDelayMillis: delayMs,
    totalTimeoutMillis: totalMs,
  },
});

const opened = closeAfterEach();

/** Starts an operation on a server with the given answers to Get and, optionally, Wait. */
async function started(
  answers: { getOperation: Answer; waitOperation?: Answer; cancelOperation?: () => object },
  options = {},
) {
  const server = await startScriptedGoogle(RUNNING, answers);
  const client = await gkeClient(server.port);
  opened(server, client);
  return { server, operation: await createCluster(client, options) };
}

function ended(result: Operation['result']): Operation {
  return Operation.fromPartial({ name: NAME, done: true, result });
}

const cluster = (typeUrl: string) =>
  // `description` of an AttachedCluster, field 2.
  ended({ $case: 'response', value: { typeUrl, value: Buffer.from([0x12, 0x01, 0x61]) } });
const CLUSTER = 'type.googleapis.com/google.cloud.gkemulticloud.v1.AttachedCluster';

/** Resolves to true if a promise settles within a time in milliseconds. */
async function settles(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), withinMs));
  return Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    late,
  ]);
}

/** Resolves to the name of the promise that is fulfilled first. */
function first(promises: Readonly<Record<string, Promise<unknown>>>): Promise<string> {
  return Promise.race(Object.entries(promises).map(([name, promise]) => promise.then(() => name)));
}

describe('google-gax and fromGax', () => {
  it('cancel during a poll: CANCELLED, although it succeeded; ours reports success (contract 39)', async () => {
    const asked = Promise.withResolvers<void>();
    const end = Promise.withResolvers<Operation>();
    const answer: Answer = () => {
      asked.resolve();
      return end.promise;
    };
    const { operation } = await started({
      getOperation: answer,
      waitOperation: answer,
      cancelOperation: () => ({}),
    });
    const theirs = rejection(operation.promise());
    await asked.promise;
    await operation.cancel();
    expect(await theirs).toMatchObject({ code: Code.CANCELLED });

    const handle = fromGax(operation);
    const ours = handle.wait();
    await handle.cancel();
    end.resolve(cluster(CLUSTER));
    expect((await ours).state).toBe('succeeded');
  });

  it('a response of another type: accepted; ours reports the outcome and rejects reading it (contract 41)', async () => {
    const { operation } = await started({ getOperation: () => cluster('type.googleapis.com/example.Other') });
    const [response] = await operation.promise();
    expect(response.description).toBe('a');

    const handle = fromGax(operation);
    const outcome = await handle.wait();
    expect(outcome.state).toBe('succeeded');
    const thrown = await rejection(handle.result());
    expect(thrown).toBeInstanceOf(OperationError);
    expect(String(thrown)).toMatch(/example\.Other.*google\.cloud\.gkemulticloud\.v1\.AttachedCluster/);
  });

  it('done with neither response nor error: an untyped {}; ours is an empty message of the type (contract 2)', async () => {
    const { operation } = await started({ getOperation: () => ended(undefined) });
    const [response] = await operation.promise();
    expect(response.description).toBeUndefined();
    const ours = await fromGax(operation).result();
    expect(ours.description).toBe('');
  });

  it('an undecodable response: ours reports the outcome, and rejects reading it (contract 41)', async () => {
    const value = { typeUrl: CLUSTER, value: Buffer.from([0xff]) };
    const { operation } = await started({ getOperation: () => ended({ $case: 'response', value }) });
    const handle = fromGax(operation);
    expect((await handle.wait()).state).toBe('succeeded');
    expect(await rejection(handle.result())).toMatchObject({ message: expect.stringContaining('is broken') });
  });

  it('error details: dropped; ours keeps them', async () => {
    const info = { reason: 'QUOTA', domain: 'gke', metadata: {} };
    const value = { code: Code.FAILED_PRECONDITION, message: 'no', details: [pack(ErrorInfo, info)] };
    const { operation } = await started({ getOperation: () => ended({ $case: 'error', value }) });
    const theirs = (await rejection(operation.promise())) as { statusDetails?: unknown; reason?: unknown };
    expect([theirs.statusDetails, theirs.reason]).toEqual([undefined, undefined]);
    const ours = await rejection(fromGax(operation).result());
    if (!(ours instanceof OperationError)) throw ours;
    expect(ours.detail(ErrorInfo)).toEqual(info);
  });

  it('UNAVAILABLE once: ends the wait; ours retries (contract 36)', async () => {
    const answer: Answer = (count) => {
      if (count === 0) throw { code: Code.UNAVAILABLE, details: 'busy' };
      return cluster(CLUSTER);
    };
    const { operation } = await started({ getOperation: answer, waitOperation: answer });
    expect(await rejection(operation.promise())).toMatchObject({ code: Code.UNAVAILABLE });
    expect((await fromGax(operation).wait()).state).toBe('succeeded');
  });

  it('waiting again after a failed wait: never settles; ours does (contract 37)', async () => {
    const deniedUntil =
      (first: number): Answer =>
      (count) => {
        if (count < first) throw { code: Code.PERMISSION_DENIED, details: 'not yet' };
        return cluster(CLUSTER);
      };
    // google-gax makes the first GetOperation; ours calls both methods before it gives up.
    const answers = { getOperation: deniedUntil(2), waitOperation: deniedUntil(1) };
    const { operation } = await started(answers, poll(10));
    expect(await rejection(operation.promise())).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect(await settles(operation.promise(), 300)).toBe(false);

    const handle = fromGax(operation);
    expect(await rejection(handle.wait())).toMatchObject({ code: Code.PERMISSION_DENIED });
    expect((await handle.wait()).state).toBe('succeeded');
  });

  it('a timeout during the pause between polls: noticed after it; ours at once (contract 38)', async () => {
    const { operation } = await started({ getOperation: () => RUNNING }, poll(1000, 100));
    const theirs = rejection(operation.promise());
    const ours = rejection(fromGax(operation).wait({ timeoutMs: 100 }));
    expect(await first({ theirs, ours })).toBe('ours');
    expect(await ours).toBeInstanceOf(WaitTimeoutError);
    expect(await theirs).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  });

  it('an abort during the pause between polls: noticed after it; ours at once (contract 38)', async () => {
    const giving = new AbortController();
    const { operation, server } = await started(
      { getOperation: () => RUNNING },
      { ...poll(1000), signal: giving.signal },
    );
    const theirs = rejection(operation.promise());
    while (server.of('GetOperation').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const ours = rejection(fromGax(operation).wait({ signal: giving.signal }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    giving.abort(new Error('enough'));
    expect(await first({ theirs, ours })).toBe('ours');
    expect(await ours).toBe(giving.signal.reason);
    expect(await theirs).toMatchObject({ code: Code.CANCELLED });
  });
});
