import { describe, expect, it } from '@jest/globals';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { startTestServer, type TestServer } from '../../../src/testing/index.js';
import { getJson, once } from './callers.js';

const METADATA = { '@type': 'google.rpc.ErrorInfo', reason: 'R' };
const GET = 'google.longrunning.Operations.GetOperation';

async function started(): Promise<[TestServer, string]> {
  const server = await startTestServer({ clock: 'manual' });
  const { name } = await server.createOperation({ metadata: METADATA });
  return [server, name];
}

describe('failNext', () => {
  it('fails the given number of calls in order, with code, message and details', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'MAINTENANCE' }];
    server.failNext('GetOperation', { code: Code.UNAVAILABLE, message: 'back soon', details, times: 2 });
    server.failNext(GET, { code: 'DATA_LOSS' });
    expect(server.faults).toMatchObject([
      { method: GET, left: 2 },
      { method: GET, left: 1 },
    ]);
    const errors = [];
    for (let i = 0; i < 3; i++) errors.push(StatusError.from(await rejection(caller.get(name))));
    expect(errors.map(({ code }) => code)).toEqual([Code.UNAVAILABLE, Code.UNAVAILABLE, Code.DATA_LOSS]);
    expect(errors[0]?.message).toBe('back soon');
    expect(errors[0]?.detail(ErrorInfo)?.reason).toBe('MAINTENANCE');
    expect(errors[2]?.detail(ErrorInfo)?.reason).toBe('INJECTED_FAULT');
    expect(server.faults).toEqual([]);
    expect((await caller.get(name)).name).toBe(name);
    const codes = server.calls.map(({ fault, outcome }) => [fault, outcome?.code]);
    expect(codes).toEqual([
      ['error', 'UNAVAILABLE'],
      ['error', 'UNAVAILABLE'],
      ['error', 'DATA_LOSS'],
      [undefined, 'OK'],
    ]);
  });

  it('fails calls over REST too, and calls for a single name', async () => {
    const [server, name] = await started();
    await using _ = server;
    server.failNext('GetOperation', { code: 'PERMISSION_DENIED', name, times: 'always' });
    const { name: other } = await server.createOperation();
    expect((await getJson(server.url, name)).status).toBe(403);
    expect((await getJson(server.url, other)).status).toBe(200);
    expect((await getJson(server.url, name)).status).toBe(403);
    expect(server.faults).toMatchObject([{ met: 2, left: Number.POSITIVE_INFINITY }]);
    server.reset();
    expect(server.faults).toEqual([]);
    expect((await getJson(server.url, name)).status).toBe(200);
  });

  it('defaults to UNAVAILABLE once; the client of the server retries', async () => {
    await using server = await startTestServer();
    const { name } = await server.createOperation();
    server.failNext('GetOperation');
    expect((await server.client.getOperation({ name })).name).toBe(name);
    // The retry is a second call.
    expect(server.calls.map(({ outcome }) => outcome?.code)).toEqual(['UNAVAILABLE', 'OK']);
  });

  it('rejects an unknown method with a suggestion, and other invalid arguments', async () => {
    await using server = await startTestServer();
    expect(() => server.failNext('GetOperaton')).toThrow(
      'failNext: fault.method: method "GetOperaton" is unknown: did you mean "GetOperation"?',
    );
    expect(() => server.failNext('CreateAwsCluster')).toThrow('use one of Operations.ListOperations');
    expect(() => server.failNext('GetOperation', { times: -1 })).toThrow(
      /fault\.times: "-1" is not a number/,
    );
    expect(() => server.inject({ effect: 'explode' as 'hang' })).toThrow(
      /inject: fault\.effect.*use one of hang/,
    );
    expect(server.faults).toEqual([]);
  });

  it('delays first, by the server clock, and releases callers that gave up', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    server.failNext('GetOperation', { code: 'ABORTED', delayMs: 5000 });
    const failing = rejection(caller.get(name));
    await server.whenCalled('GetOperation');
    expect(() => server.expectNoOpenCalls()).toThrow(
      /^1 call is open: .*\n {2}google.*GetOperation \{"name":"operations\/1"\} over gRPC, for 0 ms, because of the fault error$/s,
    );
    await server.clock.advance(5000);
    expect(await failing).toMatchObject({ code: Code.ABORTED });
    server.expectNoOpenCalls();

    server.inject({ method: 'GetOperation', delayMs: 100 });
    const slow = caller.get(name);
    await server.whenCalled('GetOperation', 2);
    await server.clock.advance(100);
    expect((await slow).name).toBe(name);
    expect(server.calls[1]).toMatchObject({ fault: 'delay', outcome: { code: 'OK' } });
  });
});

describe('inject', () => {
  it('hang: the call is never answered; it ends with the deadline of the caller', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    // Once connected, the deadline is long enough for the call to arrive.
    await caller.get(name);
    server.inject({ effect: 'hang' });
    expect(await rejection(caller.get(name, { deadlineMs: 500 }))).toMatchObject({
      code: Code.DEADLINE_EXCEEDED,
    });
    server.inject({ effect: 'hang' });
    const abort = new AbortController();
    const gone = getJson(server.url, name, abort.signal);
    await server.whenCalled('GetOperation', 3);
    abort.abort();
    expect(await rejection(gone)).toMatchObject({ name: 'AbortError' });
  });

  it('hang: closing the server ends the call', async () => {
    const [server, name] = await started();
    using caller = once(server.address);
    server.inject({ effect: 'hang', times: 'always' });
    const over = [rejection(caller.get(name)), rejection(getJson(server.url, name))];
    await server.whenCalled('GetOperation', 2);
    await server.close();
    // Each has ended with an error.
    await Promise.all(over);
  });

  it('drop: closes the connection, over gRPC and REST', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    server.inject({ effect: 'drop', times: 2 });
    expect(await rejection(caller.get(name))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(await rejection(getJson(server.url, name))).toMatchObject({ message: 'fetch failed' });
    expect((await caller.get(name, { waitForReady: true })).name).toBe(name);
    expect(server.calls.map(({ fault, over }) => [fault, over])).toEqual([
      ['drop', 'gRPC'],
      ['drop', 'REST'],
      [undefined, 'gRPC'],
    ]);
  });

  it('goAway: the call is answered, and the next one uses another connection', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    server.inject({ effect: 'goAway', times: 2 });
    const [first, second] = [await caller.getFrom(name), await caller.getFrom(name)];
    expect(first.name).toBe(name);
    expect(second.name).toBe(name);
    expect((await getJson(server.url, name, undefined, 'keep-alive')).headers.get('connection')).toBe(
      'keep-alive',
    );
    server.inject({ effect: 'goAway' });
    expect((await getJson(server.url, name, undefined, 'keep-alive')).headers.get('connection')).toBe(
      'close',
    );
  });

  it('waitUnimplemented and cancelUnimplemented: until removed', async () => {
    const [server, name] = await started();
    await using _ = server;
    server.inject('waitUnimplemented');
    server.inject('cancelUnimplemented');
    for (let i = 0; i < 2; i++) {
      expect(await rejection(server.client.cancelOperation({ name }))).toMatchObject({
        code: Code.UNIMPLEMENTED,
      });
      expect(await rejection(server.client.waitOperation({ name }))).toMatchObject({
        code: Code.UNIMPLEMENTED,
      });
    }
    server.reset();
    await server.client.cancelOperation({ name });
  });

  it('answerEarly: WaitOperation answers immediately', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    server.inject({ effect: 'answerEarly' });
    expect(server.faults).toMatchObject([{ method: 'google.longrunning.Operations.WaitOperation' }]);
    expect((await caller.wait(name)).done).toBe(false);
  });

  it('duplicate: repeats the last answer; stale: returns the one before', async () => {
    await using server = await startTestServer();
    using caller = once(server.address);
    const operation = await server.createOperation({ metadata: { ...METADATA, reason: '1' } });
    const reason = async () => {
      const { metadata, done } = await caller.get(operation.name);
      return done ? 'done' : metadata && ErrorInfo.decode(metadata.value).reason;
    };
    expect(await reason()).toBe('1');
    await operation.update({ ...METADATA, reason: '2' });
    server.inject({ method: 'GetOperation', effect: 'duplicate' });
    expect(await reason()).toBe('1');
    expect(await reason()).toBe('2');
    await operation.succeed();
    expect(await reason()).toBe('done');
    server.inject({ method: 'GetOperation', effect: 'stale', times: 2 });
    expect([await reason(), await reason(), await reason()]).toEqual(['2', '2', 'done']);
  });

  it('unknownAny, brokenAny: the contents of an operation cannot be decoded', async () => {
    await using server = await startTestServer();
    using caller = once(server.address);
    const operation = await server.createOperation({ metadata: METADATA });
    const details = [{ '@type': 'google.rpc.ErrorInfo', reason: 'R' }];
    await operation.fail({ code: 'ABORTED', message: 'x', details });
    server.inject({ effect: 'unknownAny' });
    const unknown = await caller.get(operation.name);
    expect(unknown.metadata?.typeUrl).toMatch(/Unknown$/);
    expect(unknown.result).toMatchObject({ value: { details: [{ typeUrl: unknown.metadata?.typeUrl }] } });
    server.inject({ effect: 'brokenAny' });
    const { metadata } = await caller.get(operation.name);
    expect(metadata?.typeUrl).toMatch(/ErrorInfo$/);
    expect(() => ErrorInfo.decode(metadata?.value ?? Buffer.alloc(0))).toThrow();
    server.inject({ method: 'ListOperations', effect: 'unknownAny' });
    const listed = await server.client.listOperations({ name: '' });
    expect(listed.operations[0]?.metadata?.typeUrl).toMatch(/Unknown$/);
  });

  it('faults with a limited number of calls take precedence over permanent ones', async () => {
    const [server, name] = await started();
    await using _ = server;
    using caller = once(server.address);
    server.inject({ code: 'INTERNAL', times: 'always' });
    server.failNext('GetOperation', { code: 'ABORTED' });
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(StatusError.from(await rejection(caller.get(name))).code);
    expect(codes).toEqual([Code.ABORTED, Code.INTERNAL, Code.INTERNAL]);
  });
});
