// Pitfalls of google-gax, one test per line. The tests also record the behavior of google-gax.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { PageDescriptor } from 'google-gax';
import { ReportMetadata } from '../../../generated/example/reports/v1/reports.js';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { type OperationFailedError, WaitTimeoutError } from '../../../src/client/calls/errors.js';
import { listOperations } from '../../../src/client/operations/list.js';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { pack } from '../../../src/core/any.js';
import type { OperationsApi } from '../../../src/core/operations-api.js';
import { Code, kitError } from '../../../src/core/status.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';
import { error, failed, NAME, running, scriptedPeer, succeeded } from '../../conformance/scripted-peer.js';
import { startScriptedServer } from '../scripted-server.js';
import { gaxOperation, NEVER, within } from './gax-operation.js';

describe('pitfall 1: a second wait, after completion, an error or an abort', () => {
  it('google-gax: after a poll error it never settles', async () => {
    const { operation } = gaxOperation([error(Code.INTERNAL), succeeded()]);
    expect(await within(operation.promise())).toMatchObject({ code: Code.INTERNAL });
    expect(await within(operation.promise(), 100)).toBe(NEVER);
  });

  it('google-gax: after completion it never settles', async () => {
    const { operation } = gaxOperation([succeeded()]);
    await operation.promise();
    expect(await within(operation.promise(), 100)).toBe(NEVER);
  });

  it('ours: works', async () => {
    const peer = scriptedPeer([error(Code.ABORTED), running(), succeeded()]);
    expect(await rejection(peer.run(peer.operation.wait()))).toMatchObject({ code: Code.ABORTED });
    const aborted = peer.operation.wait({ signal: AbortSignal.timeout(0) });
    await rejection(aborted);
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
    expect((await peer.run(peer.operation.wait())).state).toBe('succeeded');
  });
});

describe('pitfall 2: the first UNAVAILABLE, and the settings of the starting call', () => {
  it('google-gax: rejects', async () => {
    const { operation } = gaxOperation([error(Code.UNAVAILABLE), succeeded()]);
    expect(await within(operation.promise())).toMatchObject({ code: Code.UNAVAILABLE });
  });

  it('ours: continues, and each request has its own deadline and routing header', async () => {
    const clock = manualClock();
    const deadlines: number[] = [];
    await using server = await startScriptedServer({
      waitOperation: (call, count) => {
        deadlines.push(Number(call.getDeadline()) - Date.now());
        if (count === 0) throw error(Code.UNAVAILABLE);
        return succeeded();
      },
    });
    await using client = new OperationsClient({ address: server.address, clock });
    const waiting = client.operation(NAME).wait();
    await clock.whenArmed(1);
    await clock.advance(250);
    expect((await waiting).state).toBe('succeeded');
    for (const ms of deadlines) expect(ms).toBeLessThanOrEqual(60_000);
    for (const { metadata } of server.calls) {
      expect(metadata.get('x-goog-request-params')).toEqual(['name=operations%2F1']);
    }
  });
});

describe('pitfall 3: a Cancel during a request', () => {
  it('google-gax: the wait rejects with CANCELLED, although the operation succeeds', async () => {
    const { operation } = gaxOperation(['silence', succeeded()]);
    const waiting = operation.promise();
    await operation.cancel();
    expect(await within(waiting)).toMatchObject({ code: Code.CANCELLED });
  });

  it('ours: the server determines the outcome (contract 39)', async () => {
    const asked = Promise.withResolvers<void>();
    const end = Promise.withResolvers<Operation>();
    await using server = await startScriptedServer({
      waitOperation: () => {
        asked.resolve();
        return end.promise;
      },
      cancelOperation: () => ({}),
    });
    await using client = new OperationsClient({ address: server.address });
    const operation = client.operation(NAME);
    const waiting = operation.wait();
    await asked.promise;
    await operation.cancel();
    end.resolve(succeeded());
    expect((await waiting).state).toBe('succeeded');
  });
});

describe('pitfall 4: an abort and a timeout during a pause', () => {
  it('google-gax: a timeout of 50 ms takes effect after the pause of 300 ms', async () => {
    const { operation } = gaxOperation([running()], { delayMs: 300, totalTimeoutMs: 50 });
    const waiting = operation.promise();
    expect(await within(waiting, 200)).toBe(NEVER);
    expect(await within(waiting)).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  });

  it('ours: both at once (contract 38)', async () => {
    const peer = scriptedPeer([running()]);
    const late = rejection(peer.run(peer.operation.wait({ timeoutMs: 50 })));
    expect(await late).toBeInstanceOf(WaitTimeoutError);
    expect(peer.elapsedMs).toBe(50);
    const controller = new AbortController();
    const aborted = rejection(peer.operation.wait({ signal: controller.signal }));
    await peer.clock.whenArmed(1);
    controller.abort('now');
    expect(await aborted).toBe('now');
    expect(peer.elapsedMs).toBe(50);
  });
});

describe('pitfall 5: types, details, the last metadata, listeners', () => {
  const wrong = pack(ReportMetadata, ReportMetadata.fromPartial({ progressPercent: 3 }));
  const wrongType: Operation = { ...running(), done: true, result: { $case: 'response', value: wrong } };
  const failure = failed(kitError(Code.ABORTED, 'REASON', 'it failed: look', {}));

  it('google-gax: a response of another type is accepted', async () => {
    const { operation } = gaxOperation([wrongType]);
    const [response] = (await operation.promise()) as unknown[];
    expect(response).toMatchObject({ uri: '' });
  });

  it('google-gax: a decoder that throws causes an unhandled rejection, and a wait that never settles', async () => {
    const program = `
      import gax from 'google-gax';
      const told = [];
      process.on('unhandledRejection', ({ message }) => told.push(message));
      const getOperationInternal = () => Object.assign(Promise.resolve([{ done: true, response: { value: [] } }]), { cancel() {} });
      const decoder = () => { throw new Error('cannot decode'); };
      const descriptor = new gax.LongrunningDescriptor({ getOperationInternal }, decoder, decoder);
      const backoff = gax.createBackoffSettings(1, 1, 1, null, null, null, 0);
      const waiting = new gax.Operation({ name: 'operations/1' }, descriptor, backoff).promise();
      waiting.then(() => told.push('resolved'), () => told.push('rejected'));
      setTimeout(() => console.log(JSON.stringify(told)), 200);`;
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: join(__dirname, '../../..'),
    });
    expect(JSON.parse(stdout)).toEqual(['cannot decode']);
  });

  it('ours: reading it throws an error that names both, and nothing hangs (contract 41)', async () => {
    const operation = scriptedPeer([]).started(wrongType);
    const thrown = await rejection(operation.result());
    expect(String(thrown)).toMatch(/ReportMetadata, not example\.reports\.v1\.ExportReportResponse/);
  });

  it('google-gax: drops error details', async () => {
    const { operation } = gaxOperation([failure]);
    const thrown = await within(operation.promise());
    expect(thrown).toMatchObject({ code: Code.ABORTED });
    expect(thrown).not.toHaveProperty('details');
  });

  it('ours: keeps them', async () => {
    const thrown = await rejection(scriptedPeer([]).started(failure).result());
    expect((thrown as OperationFailedError).detail(ErrorInfo)?.reason).toBe('REASON');
  });

  it('google-gax: the last metadata emits no progress', async () => {
    const { operation } = gaxOperation([running(1), succeeded('uri', 100)]);
    const told: unknown[] = [];
    operation.on('progress', ({ progressPercent }) => told.push(progressPercent));
    await operation.promise();
    expect(told).toEqual([1]);
  });

  it('ours: yields it (contract 40)', async () => {
    const peer = scriptedPeer([running(1), succeeded('uri', 100)]);
    const told: unknown[] = [];
    const loop = (async () => {
      for await (const { metadata } of peer.operation.updates()) told.push(metadata?.progressPercent);
    })();
    await peer.run(loop);
    expect(told).toEqual([1, 100]);
  });

  it('google-gax: ten waits leave ten listeners; ours leave nothing (contract 42)', async () => {
    const { operation } = gaxOperation([running(), running(), succeeded()]);
    await Promise.all(Array.from({ length: 10 }, () => operation.promise()));
    expect(operation.listenerCount('complete')).toBe(10);

    const peer = scriptedPeer([running(), running(), succeeded()]);
    const waits = Array.from({ length: 50 }, () => peer.operation.wait({ timeoutMs: 60_000 }));
    await peer.run(Promise.all(waits));
    expect(peer.clock.armed).toBe(0);
  });
});

describe('pitfall 6: empty pages', () => {
  const PAGES = 20;

  it('google-gax: async listing ends silently after eleven', async () => {
    let page = 0;
    const call = async (request: object) => {
      page++;
      return [page < PAGES ? [] : ['found'], page < PAGES ? { ...request, pageToken: String(page) } : null];
    };
    const descriptor = new PageDescriptor('pageToken', 'nextPageToken', 'operations');
    const found: unknown[] = [];
    const listing = descriptor.asyncIterate(call as never, {}, { autoPaginate: false } as never);
    for await (const item of listing) found.push(item);
    expect(found).toEqual([]);
  });

  it('ours: continues to the end (contract 43)', async () => {
    let page = 0;
    const api = {
      listOperations: async () => {
        page++;
        const last = page === PAGES;
        return {
          operations: last ? [running()] : [],
          nextPageToken: last ? '' : String(page),
          unreachable: [],
        };
      },
    } as unknown as OperationsApi;
    const found: string[] = [];
    for await (const { name } of listOperations(api, { name: '' })) found.push(name);
    expect(found).toEqual([NAME]);
  });
});
