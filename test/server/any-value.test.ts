import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { PARENT, type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, isStatusError, StatusError } from '../../src/core/status.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import type { OperationResult, OperationStore } from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';
import { settled } from '../../src/testing/clock/manual-clock.js';
import { exampleService } from '../../src/testing/faking/example.js';
import { serveGateway } from '../gateway/http-client.js';
import { anyString, anyThrown, HOSTILE } from '../helpers/any-value.js';
import { STORES } from '../stores/stores.js';

/** Details that JavaScript callers give by mistake, each of which cannot be encoded. */
const MALFORMED_DETAILS: readonly unknown[] = [
  5,
  null,
  {},
  { details: 5 },
  [null],
  [{}],
  ['x'],
  [{ '@type': 'google.rpc.ErrorInfo', reason: 'X' }],
  [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: 'text' }],
  [{ typeUrl: 5, value: new Uint8Array() }],
];

/** Bytes that lie about their length, and bytes that are gone. */
class Bytes extends Uint8Array {
  override get length(): number {
    throw new Error('length');
  }
}

function transferred(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

class ThrowingStatus extends StatusError {
  override toStatus(): never {
    throw new Error('toStatus');
  }
}

const THROWN: readonly (() => unknown)[] = [
  ...HOSTILE,
  ...MALFORMED_DETAILS.map((details) => () => new StatusError(Code.ABORTED, 'm', details as [])),
  () => new StatusError(Code.ABORTED, 'm', [{ typeUrl: 'a/b', value: new Bytes(3) as Buffer }]),
  () => new StatusError(Code.ABORTED, 'm', [{ typeUrl: 'a/b', value: transferred() as Buffer }]),
  () => new StatusError(Code.ABORTED, 'm', new Array(1e9)),
  () => Object.setPrototypeOf(new StatusError(Code.ABORTED, 'm'), null),
  () => new DOMException('\ud83d', 'AbortError'),
  () => new StatusError('ABORTED' as unknown as Code, 'm'),
  () => new ThrowingStatus(Code.ABORTED, 'm'),
  () => Object.defineProperty(new StatusError(Code.ABORTED, 'm'), 'details', { get: () => [5] }),
  () => new Proxy(new StatusError(Code.ABORTED, 'm'), {}),
  () => new StatusError(Code.ABORTED, `title ${'x'.repeat(1016)}😀yy is taken`),
  () => new StatusError(Code.ABORTED, '\ud83d'),
  () => new StatusError(Code.ABORTED, '漢'.repeat(1024)),
];

describe.each(STORES)('values thrown by run, stored in $name', ({ open, numRuns }) => {
  /** Ends an operation, and expects that everybody can read it. */
  async function expectEnded(server: ReportsServer, thrown: unknown, cancel: boolean): Promise<StatusError> {
    const { operations } = server.overGrpc;
    const { name } = await server.overGrpc.exportReport();
    const run = await server.exports.on(name);
    if (cancel) {
      await operations.cancelOperation({ name });
      await new Promise<void>((resolve) => {
        if (run.context.signal.aborted) resolve();
        else run.context.signal.addEventListener('abort', () => resolve());
      });
    }
    run.fail(thrown);
    const waited = await operations.waitOperation({ name });
    expect(waited).toMatchObject({ name, done: true, result: { $case: 'error' } });
    expect(await operations.getOperation({ name })).toEqual(waited);
    const page = await operations.listOperations({ name: PARENT, pageSize: 1 });
    expect(page.operations).toEqual([waited]);
    return StatusError.from(waited.result?.value);
  }

  it('end the operation, whatever they are (contract 5, 33, 50)', async () => {
    await using server = await startReportsServer({ store: await open(), onAbort: 'ignore' });
    for (const make of THROWN) {
      for (const cancel of [false, true]) {
        const thrown = make();
        const error = await expectEnded(server, thrown, cancel);
        if (!isStatusError(thrown))
          expect(error.message).toMatch(/^internal error in |^operation was cancelled$/);
        else expect([Code.ABORTED, Code.UNKNOWN]).toContain(error.code);
      }
    }
  });

  it('end the operation: any value', async () => {
    await using server = await startReportsServer({ store: await open(), onAbort: 'ignore' });
    const property = fc.asyncProperty(anyThrown(), fc.boolean(), async (make, cancel) => {
      await expectEnded(server, make(), cancel);
    });
    await fc.assert(property, { numRuns: Math.ceil(numRuns / 3) });
  });

  it('keep the code and the message of a StatusError: any string', async () => {
    await using server = await startReportsServer({ store: await open() });
    const property = fc.asyncProperty(anyString(), async (message) => {
      const error = await expectEnded(server, new StatusError(Code.ABORTED, message), false);
      expect(error).toMatchObject({ code: Code.ABORTED, message: message.toWellFormed(), details: [] });
    });
    await fc.assert(property, { numRuns: Math.ceil(numRuns / 3) });
  });
});

describe('an outcome that the store rejects', () => {
  /** A memory store that rejects some endings. */
  function refusing(isRefused: (result: OperationResult) => boolean, error: unknown): OperationStore {
    const memory = memoryStore();
    return {
      ...aroundStore(memory, (_, proceed) => proceed()),
      async compareAndSet(record, version) {
        if (record.result && isRefused(record.result)) throw error;
        return memory.compareAndSet(record, version);
      },
    };
  }

  it('is recorded as an internal error, with the cause in the log', async () => {
    const cause = new Error('invalid byte sequence');
    const store = refusing(({ $case }) => $case === 'response', cause);
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    (await server.exports.on(name)).succeed({ uri: 'x' });
    const ended = await server.inProcess.operations.waitOperation({ name });
    const error = StatusError.from(ended.result?.value);
    expect(error).toMatchObject({ code: Code.UNKNOWN });
    expect(error.detail(ErrorInfo)).toMatchObject({ reason: 'INTERNAL_ERROR' });
    expect(server.logged).toContainEqual({
      facts: expect.objectContaining({ err: cause, operation: name }),
      message: 'end could not be recorded: it is recorded as an internal error',
    });
  });

  it('is recorded once the store accepts it again', async () => {
    let failures = 3;
    const store = refusing(() => failures-- > 0, new Error('disk I/O error'));
    await using server = await startReportsServer({ store });
    const { name } = await server.inProcess.exportReport();
    (await server.exports.on(name)).succeed();
    const ended = server.inProcess.operations.waitOperation({ name });
    while (failures >= 0) {
      await settled();
      await server.manual.advance(5000);
    }
    expect(await ended).toMatchObject({ done: true, result: { value: { code: Code.UNKNOWN } } });
  });
});

describe('values thrown by onStart', () => {
  it('fail the call over gRPC and REST, and the server keeps serving (contract 33, 50)', async () => {
    let thrown: unknown;
    await using server = await startReportsServer({
      exportReport: {
        onStart() {
          throw thrown;
        },
      },
    });
    const { registry: descriptors } = (await exampleService()).schema;
    await using gateway = await serveGateway({ target: server.address, descriptors });
    await using direct = await serveGateway({ operations: server.kit, descriptors });
    const expectAnswered = async () => {
      const overGrpc = await server.overGrpc.exportReport().catch((error) => error);
      expect(overGrpc).toBeInstanceOf(StatusError);
      for (const { ask } of [gateway, direct]) {
        const { status, json } = await ask('POST', `/v1/${PARENT}/reports:export`, { body: {} });
        expect(status).toBeGreaterThanOrEqual(400);
        expect(json).toMatchObject({ error: { message: overGrpc.message } });
      }
      return overGrpc as StatusError;
    };
    for (const make of THROWN) {
      thrown = make();
      expect(Buffer.byteLength(encodeURI((await expectAnswered()).message))).toBeLessThanOrEqual(2048);
    }
    const property = fc.asyncProperty(anyThrown(), async (make) => {
      thrown = make();
      await expectAnswered();
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('a message that would be clipped inside a surrogate pair keeps its code', async () => {
    await using server = await startReportsServer({
      exportReport: {
        onStart: ({ title }) => {
          throw new StatusError(Code.INVALID_ARGUMENT, `title ${title} is taken`);
        },
      },
    });
    const { registry: descriptors } = (await exampleService()).schema;
    await using gateway = await serveGateway({ operations: server.kit, descriptors });
    const property = fc.asyncProperty(anyString(), async (title) => {
      const start = server.overGrpc.exportReport({ title });
      await expect(start).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
      const { status } = await gateway.ask('POST', `/v1/${PARENT}/reports:export`, { body: { title } });
      expect(status).toBe(400);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
