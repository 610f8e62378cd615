import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { OperationsClient } from 'longrunning';
import {
  type ExportReportRequest,
  ExportReportResponse,
} from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { BadRequest, ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { expectKitError } from '../../src/conformance/kit-error.js';
import { PARENT, startReportsServer } from '../../src/conformance/reports-server.js';
import { pack, unpack } from '../../src/core/any.js';
import { Code, StatusError } from '../../src/core/status.js';
import {
  createOperations,
  type Implementation,
  type ImplementedMethod,
  implement,
  type OperationsOptions,
} from '../../src/server/index.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { STORES } from '../stores/stores.js';

type Noting = Implementation<ExportReportRequest, ExportReportResponse, ErrorInfo>;

const MIB = 1024 * 1024;

const bytesOf = (operation: Operation) =>
  createHash('sha256').update(Operation.encode(operation).finish()).digest('hex');

describe.each(STORES)('maxResultBytes, kept in $name', ({ open }) => {
  async function serve(options: Partial<OperationsOptions> = {}) {
    const server = await startReportsServer({ store: await open(), ...options });
    const client = new OperationsClient({ address: server.address });
    /** Starts an operation, and ends it; the outcome as a default client reads it. */
    const outcomeOf = async (end: (run: Awaited<ReturnType<typeof server.exports.on>>) => void) => {
      const { name } = await server.overGrpc.exportReport();
      end(await server.exports.on(name));
      const outcome = await client.operation(name, ReportsOperations.exportReport).wait();
      const page = await client.listOperations({ name: PARENT, pageSize: 1 });
      // By their bytes: jest takes long to compare megabytes.
      expect(page.operations.map(bytesOf)).toEqual([bytesOf(outcome.operation)]);
      return outcome;
    };
    return {
      server,
      outcomeOf,
      async [Symbol.asyncDispose]() {
        client.close();
        await server[Symbol.asyncDispose]();
      },
    };
  }

  it('a larger response ends the operation with an error that explains the fix', async () => {
    await using served = await serve();
    const outcome = await served.outcomeOf((run) => run.succeed({ uri: 'x'.repeat(10 * MIB) }));
    expect(outcome).toMatchObject({
      state: 'failed',
      error: {
        code: Code.RESOURCE_EXHAUSTED,
        message: expect.stringMatching(
          /^response of 1048\d{4} bytes is larger than maxResultBytes \(3145728\): store large results elsewhere/,
        ),
      },
    });
    expect(outcome.state === 'failed' && outcome.error.detail(ErrorInfo)).toMatchObject({
      reason: 'RESULT_TOO_LARGE',
      metadata: { maxResultBytes: '3145728' },
    });
  });

  it('a larger error keeps its code, whether its message or its details are large', async () => {
    await using served = await serve();
    const description = '漢'.repeat(4 * MIB);
    const details = [pack(BadRequest, BadRequest.fromPartial({ fieldViolations: [{ description }] }))];
    for (const error of [
      new StatusError(Code.DATA_LOSS, 'x'.repeat(10 * MIB)),
      new StatusError(Code.DATA_LOSS, description),
      new StatusError(Code.DATA_LOSS, 'm', details),
    ]) {
      const outcome = await served.outcomeOf((run) => run.fail(error));
      expect(outcome).toMatchObject({
        state: 'failed',
        error: {
          code: Code.DATA_LOSS,
          message: expect.stringMatching(
            /^error of \d+ bytes is larger than maxResultBytes \(3145728\): shorten/,
          ),
        },
      });
      expect(outcome.operation.result?.value).toMatchObject({ details: [expect.anything()] });
    }
  });

  it('results up to the limit are stored: the operation and the page that contains it can be read', async () => {
    await using served = await serve();
    const text = 'x'.repeat(3 * MIB - 100);
    const succeeded = await served.outcomeOf((run) => run.succeed({ uri: text }));
    expect(succeeded.state === 'succeeded' && succeeded.response.uri === text).toBe(true);
    const failed = await served.outcomeOf((run) => run.fail(new StatusError(Code.ABORTED, text)));
    expect(failed.state === 'failed' && failed.error.message === text).toBe(true);
  });
});

describe('maxResultBytes', () => {
  const opened = closeAfterEach();

  /** A method whose metadata has text, and which a test ends. */
  function noting(implementation: Partial<Noting> = {}, options: Partial<OperationsOptions> = {}) {
    const work: Noting['run'] = ({ title }, { update, signal }) =>
      update({ reason: title }).then(() => ({ uri: signal.aborted ? '' : title }));
    const method = { ...ReportsOperations.exportReport, metadata: ErrorInfo };
    const implemented = implement(method, { run: work, ...implementation });
    const logger = { error: () => {} };
    const methods = [implemented as ImplementedMethod];
    const operations = opened(createOperations({ methods, logger, ...options }));
    const start = (title: string) => operations.start(implemented, { title });
    const end = async (title: string) => {
      const { name } = await start(title);
      return operations.api.waitOperation({ name });
    };
    return { operations, start, end };
  }

  it('rejects larger metadata to the caller of update(), and the work continues', async () => {
    const rejected: unknown[] = [];
    const { end } = noting({
      async run({ title }, { update }) {
        await update({ reason: 'kept' });
        await update({ reason: title }).catch((error) => rejected.push(error));
        await update({ domain: 'kept too' });
        return { uri: 'done' };
      },
    });
    const { metadata, result } = await end('x'.repeat(10 * MIB));
    expect(result).toMatchObject({ $case: 'response' });
    expect(metadata && unpack(ErrorInfo, metadata)).toMatchObject({ reason: 'kept', domain: 'kept too' });
    await expectKitError(Promise.reject(rejected[0]), Code.RESOURCE_EXHAUSTED, {
      reason: 'METADATA_TOO_LARGE',
    });
  });

  it('rejects larger metadata and an immediate response of a start to its caller', async () => {
    const { operations, start } = noting(
      { metadata: ({ title }) => ({ reason: title }), onStart: ({ title }) => ({ uri: title + title }) },
      { maxResultBytes: 1000 },
    );
    await expectKitError(start('x'.repeat(2000)), Code.RESOURCE_EXHAUSTED, { reason: 'METADATA_TOO_LARGE' });
    await expectKitError(start('x'.repeat(700)), Code.RESOURCE_EXHAUSTED, { reason: 'RESULT_TOO_LARGE' });
    expect((await operations.api.listOperations({ name: '' })).operations).toEqual([]);
    expect(await start('x'.repeat(100))).toMatchObject({ done: true });
  });

  it('counts a response together with metadata, because clients receive both in one message', async () => {
    const { end } = noting();
    expect(await end('x'.repeat(2 * MIB))).toMatchObject({
      result: {
        value: {
          code: Code.RESOURCE_EXHAUSTED,
          message: expect.stringMatching(
            /^response of 20\d{5} bytes with metadata of 20\d{5} bytes is larger/,
          ),
        },
      },
    });
    expect(await end('x'.repeat(MIB))).toMatchObject({ result: { $case: 'response' } });
  });

  const bytesIn = ({ typeUrl, value }: Any) => Buffer.byteLength(typeUrl) + value.length;
  const MAX_BYTES = 1000;
  const limited = { maxResultBytes: MAX_BYTES };
  /** Longest text with which a message of that type has exactly the given size. */
  const textFor = (bytes: number, packed: (text: string) => Any) =>
    'x'.repeat(bytes - bytesIn(packed('x'.repeat(Math.floor(bytes / 2)))) + Math.floor(bytes / 2));
  const boundary = [
    [MAX_BYTES - 1, true],
    [MAX_BYTES, true],
    [MAX_BYTES + 1, false],
  ] as const;

  it.each(boundary)(
    'counts the bytes of type and message exactly: a response of %d is kept: %p',
    async (bytes, isKept) => {
      const uri = textFor(bytes, (text) => pack(ExportReportResponse, { uri: text, rowCount: 0 }));
      const { end } = noting({ metadata: () => ({}), run: () => ({ uri }) }, limited);
      const { result } = await end('');
      if (isKept) expect(result?.$case === 'response' && bytesIn(result.value)).toBe(bytes);
      else
        expect(result?.value).toMatchObject({
          message: expect.stringContaining(`response of ${bytes} bytes is larger`),
        });
    },
  );

  it.each(boundary)('counts the same in metadata: %d bytes are kept: %p', async (bytes, isKept) => {
    const reason = textFor(bytes, (text) => pack(ErrorInfo, { reason: text, domain: '', metadata: {} }));
    const updated: string[] = [];
    const { start, end } = noting(
      {
        async run(_request, { update }) {
          await update({ reason }).then(
            () => updated.push('kept'),
            (error) => updated.push(error.message),
          );
          return {};
        },
      },
      limited,
    );
    await end('');
    const refused = expect.stringContaining(`metadata of ${bytes} bytes is larger`);
    expect(updated).toEqual([isKept ? 'kept' : refused]);
    const started = noting({ metadata: () => ({ reason }) }, limited).start('');
    if (isKept) expect((await started).done).toBe(false);
    else await expect(started).rejects.toMatchObject({ message: refused });
    expect((await start('')).done).toBe(false);
  });

  it.each(boundary)(
    'counts message and details of an error: %d bytes are kept: %p',
    async (bytes, isKept) => {
      const details = [1, 2].map((id) => pack(ErrorInfo, { reason: `R${id}`, domain: '', metadata: {} }));
      const rest = details.reduce((sum, detail) => sum + bytesIn(detail), 0);
      // Two bytes each, and one.
      const left = bytes - rest;
      const message = 'é'.repeat(Math.floor(left / 2)) + 'e'.repeat(left % 2);
      const run = () => Promise.reject(new StatusError(Code.DATA_LOSS, message, details));
      const { result } = await noting({ run }, limited).end('');
      expect(result).toMatchObject({
        $case: 'error',
        value: {
          code: Code.DATA_LOSS,
          message: isKept ? message : expect.stringContaining(`error of ${bytes} bytes is larger`),
        },
      });
    },
  );

  it.each([
    [-1, true],
    [0, true],
    [1, false],
  ])('allows a result with metadata to exceed it by 512 KiB and %d bytes: %p', async (more, isKept) => {
    const reason = 'r'.repeat(700 * 1024);
    const metadataBytes = bytesIn(pack(ErrorInfo, { reason, domain: '', metadata: {} }));
    const bytes = MIB + 512 * 1024 - metadataBytes + more;
    const uri = textFor(bytes, (text) => pack(ExportReportResponse, { uri: text, rowCount: 0 }));
    const note = { metadata: () => ({ reason }) };
    const kept = { maxResultBytes: MIB };
    const succeeded = await noting({ ...note, run: () => ({ uri }) }, kept).end('');
    expect(succeeded.result?.$case).toBe(isKept ? 'response' : 'error');
    const message = 'm'.repeat(bytes);
    const run = () => Promise.reject(new StatusError(Code.DATA_LOSS, message));
    const failed = await noting({ ...note, run }, kept).end('');
    expect(failed.result?.$case === 'error' && failed.result.value.message === message).toBe(isKept);
  });

  it.each([0, -1, Number.NaN, 'many'])('rejects %p', (maxResultBytes) => {
    expect(() => createOperations({ methods: [], maxResultBytes: maxResultBytes as number })).toThrow(
      `option maxResultBytes is ${maxResultBytes}: it must be greater than 0`,
    );
  });

  it.each(['1000', 1000n, [1000]])('rejects a value of another type: %p', (maxResultBytes) => {
    expect(() =>
      createOperations({ methods: [], maxResultBytes: maxResultBytes as unknown as number }),
    ).toThrow(`option maxResultBytes is a value of type ${typeof maxResultBytes}: give a number`);
  });
});
