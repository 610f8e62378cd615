import {
  Client,
  credentials,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  type ServiceError,
} from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { Code, StatusError } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import { AccessError } from '../../src/server/access/access-error.js';
import { createOperations, type OperationsOptions } from '../../src/server/index.js';
import { anyThrown, HOSTILE } from '../helpers/any-value.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { processFaults } from '../helpers/process-faults.js';
import { Recorder } from '../opentelemetry/recorder.js';

const PATH = '/acme.v1.Jobs/GetJob';
interface Job {
  readonly name: string;
}
const identity = {
  to: (job: Job) => Buffer.from(JSON.stringify(job)),
  from: (bytes: Buffer) => JSON.parse(`${bytes}`),
};
const GET_JOB: MethodDefinition<Job, Job> = {
  path: PATH,
  requestStream: false,
  responseStream: false,
  requestSerialize: identity.to,
  requestDeserialize: identity.from,
  responseSerialize: identity.to,
  responseDeserialize: identity.from,
};

describe('guarded', () => {
  const opened = closeAfterEach();

  async function serve(options: Partial<OperationsOptions>, handler: handleUnaryCall<Job, Job>) {
    const logged: unknown[] = [];
    const logger = { error: (facts: object) => logged.push(facts) };
    const operations = createOperations({ methods: [], logger, ...options });
    const server = new Server();
    server.addService({ getJob: GET_JOB }, { getJob: operations.guarded(PATH, handler) });
    const port = await servePort({ server, address: '127.0.0.1:0' });
    const client = new Client(port.address, credentials.createInsecure());
    opened({
      async [Symbol.asyncDispose]() {
        client.close();
        await operations.close({ graceMs: 0 });
        await port.close({ graceMs: 0 });
        server.forceShutdown();
      },
    });
    const call = (deadline?: number) =>
      new Promise<Job | ServiceError>((resolve) => {
        const options = deadline === undefined ? {} : { deadline };
        client.makeUnaryRequest(PATH, identity.to, identity.from, { name: 'jobs/1' }, options, (error, job) =>
          resolve(error ?? (job as Job)),
        );
      });
    return { call, logged };
  }

  it('a call has a span, and names no operation', async () => {
    const recorder = opened(new Recorder());
    const telemetry = recorder.telemetry();
    const { call } = await serve({ telemetry }, ({ request }, answer) => answer(null, request));
    expect(await call()).toEqual({ name: 'jobs/1' });
    const [span] = recorder.spansNamed('acme.v1.Jobs/GetJob');
    expect(span?.attributes).toMatchObject({ 'rpc.method': 'acme.v1.Jobs/GetJob', 'rpc.status_code': 'OK' });
    expect(span?.attributes).not.toHaveProperty(['longrunning.operation.name']);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('secret'))],
    [
      'answers and then rejects',
      async (call: { request: Job }, answer: (error: null, job: Job) => void) => {
        answer(null, call.request);
        throw new Error('late');
      },
    ],
    [
      'answers twice',
      (call: { request: Job }, answer: (error: null, job: Job) => void) => {
        answer(null, call.request);
        answer(null, { name: 'jobs/2' });
      },
    ],
  ])('a call is answered once if its handler %s', async (way, handler) => {
    using faults = processFaults();
    const { call, logged } = await serve({}, handler as handleUnaryCall<Job, Job>);
    const answer = await call();
    if (way === 'rejects') {
      const error = StatusError.from(answer);
      expect(error.detail(ErrorInfo)).toMatchObject({ reason: 'INTERNAL_ERROR' });
      expect(error.message).not.toContain('secret');
    } else expect(answer).toEqual({ name: 'jobs/1' });
    expect(await faults.take()).toEqual([]);
    expect(logged).toHaveLength(way === 'answers twice' ? 0 : 1);
  });

  it('a call occupies a slot until it is answered, or until it has ended without an answer', async () => {
    let isAnswering = false;
    const handler: handleUnaryCall<Job, Job> = ({ request }, answer) => {
      if (isAnswering) answer(null, request);
    };
    const { call } = await serve({ maxCallsPerCaller: 1 }, handler);
    const unanswered = call(Date.now() + 1000);
    // Both are on one connection, in this order.
    expect(await call()).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(await unanswered).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    isAnswering = true;
    for (let answer = await call(); 'code' in answer; answer = await call())
      expect(answer.code).toBe(Code.RESOURCE_EXHAUSTED);
    for (let again = 0; again < 3; again++) expect(await call()).toEqual({ name: 'jobs/1' });
  });

  it.each([
    ['with authorize', { authorize: () => undefined }],
    ['without', {}],
  ])('a handler that throws fails only its own call, without details, %s', async (_, options) => {
    const handler = () => {
      throw new Error('secret');
    };
    const { call, logged } = await serve(options, handler);
    for (const answer of [await call(), await call()])
      expect(answer).toMatchObject({
        code: Code.UNKNOWN,
        details: expect.stringMatching(/^internal error in /),
      });
    expect(logged).toMatchObject([{ err: { message: 'secret' }, method: PATH }, {}]);
  });

  it('any error that a handler returns is sent, and the next call succeeds (contract 50)', async () => {
    let error: unknown;
    const { call } = await serve({}, (_, answer) => answer(error as ServiceError));
    const expectAnswered = async () => {
      const answer = await call();
      expect(answer).toMatchObject({ code: expect.any(Number) });
      // Of grpc-js itself, for a peer that sent none.
      expect(answer).not.toMatchObject({ details: expect.stringMatching(/^Call ended without gRPC status/) });
    };
    const property = fc.asyncProperty(anyThrown(), async (make) => {
      error = make();
      // For grpc-js these are no error.
      if (error) await expectAnswered();
    });
    await fc.assert(property, { numRuns: 100 });
    for (const details of ['\ud83d', `${'x'.repeat(1023)}😀yy`, '漢'.repeat(10_000)]) {
      error = { code: Code.NOT_FOUND, details };
      expect(await call()).toMatchObject({ code: Code.NOT_FOUND });
    }
  });

  it('any value that a handler throws is an internal error', async () => {
    let thrown: unknown;
    const { call } = await serve({ authorize: () => undefined }, () => {
      throw thrown;
    });
    for (const make of HOSTILE) {
      thrown = make();
      expect(await call()).toMatchObject({ details: expect.stringMatching(/^internal error in /) });
    }
  });

  it('any value that authorize throws or returns is answered, with a challenge that HTTP can carry', async () => {
    let decide: () => unknown = () => undefined;
    const authorize = () => decide() as undefined;
    const { call } = await serve({ authorize }, ({ request }, answer) => answer(null, request));
    const fail = (thrown: unknown) => () => {
      throw thrown;
    };
    for (const make of HOSTILE) {
      decide = fail(make());
      expect(await call()).toMatchObject({ code: Code.UNKNOWN });
    }
    const broken = { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from([0x0a, 0xff]) };
    decide = fail(new StatusError(Code.PERMISSION_DENIED, '\ud83d', [broken]));
    expect(await call()).toMatchObject({ code: Code.PERMISSION_DENIED });
    for (const challenge of ['Bearer realm="größe"', 'a\r\nb: c', '\ud83d', 'x'.repeat(10_000)]) {
      const refusal = new StatusError(Code.UNAUTHENTICATED, 'no');
      decide = fail(Object.assign(new AccessError(refusal, undefined), { challenge }));
      expect(await call()).toMatchObject({ code: Code.UNAUTHENTICATED });
    }
    for (const principal of [5, {}, '\ud83d']) {
      decide = () => ({ caller: { principal } });
      expect(await call()).toMatchObject({
        code: Code.UNKNOWN,
        details: expect.stringMatching(/internal error/),
      });
    }
    decide = () => undefined;
    expect(await call()).toEqual({ name: 'jobs/1' });
  });
});
