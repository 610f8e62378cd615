import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PARENT, type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../src/core/status.js';
import { anyString } from '../helpers/any-value.js';
import { STORES } from '../stores/stores.js';

/** Text that has once broken a header, a log line or an SQL parameter. */
const TEXTS = [
  '\0',
  'a\0b',
  '\ud83d',
  '\udc00a',
  `${'x'.repeat(1016)}😀yy`,
  '漢'.repeat(1024),
  'a\r\nx-evil: 1',
  "'; DROP TABLE operations; --",
  '\u0085',
  '\ufffd',
  '%00',
  'x'.repeat(100_000),
];

describe.each(STORES)('text from callers, with the $name store (contract 50)', ({ open, numRuns }) => {
  let server: ReportsServer;
  let principal: string | undefined;
  beforeEach(async () => {
    principal = undefined;
    server = await startReportsServer({
      store: await open(),
      authorize: () => (principal === undefined ? undefined : { caller: { principal } }),
    });
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
  });

  const runs = Math.ceil(numRuns / 3);
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => Code.OK,
      (error) => StatusError.from(error).code,
    );
  const forAny = async (check: (text: string) => Promise<void>) => {
    for (const text of TEXTS) await check(text);
    await fc.assert(fc.asyncProperty(anyString(), check), { numRuns: runs });
  };

  it('any name, parent, filter or page token is accepted or rejected as an error of the caller', async () => {
    await server.inProcess.exportReport();
    await forAny(async (text) => {
      for (const { operations } of [server.inProcess, server.overGrpc]) {
        for (const name of [text, `operations/${text}`, `${text}/operations/1`]) {
          expect([Code.INVALID_ARGUMENT, Code.NOT_FOUND]).toContain(
            await codeOf(operations.getOperation({ name })),
          );
          expect([Code.INVALID_ARGUMENT, Code.NOT_FOUND]).toContain(
            await codeOf(operations.cancelOperation({ name })),
          );
        }
        for (const request of [
          { name: text },
          { name: PARENT, filter: text },
          { name: PARENT, filter: `metadata.target = ${JSON.stringify(text)}` },
          { name: PARENT, filter: `name = "${text}"` },
          { name: PARENT, pageToken: text },
        ]) {
          expect([Code.OK, Code.INVALID_ARGUMENT]).toContain(
            await codeOf(operations.listOperations(request)),
          );
        }
      }
    });
    expect(server.logged).toEqual([]);
  });

  it('any request id is accepted or rejected as an error of the caller', async () => {
    await forAny(async (requestId) => {
      for (const access of [server.inProcess, server.overGrpc]) {
        const started = await codeOf(access.exportReport({ requestId }));
        expect([Code.OK, Code.INVALID_ARGUMENT]).toContain(started);
        expect(await codeOf(access.exportReport({ requestId }))).toBe(started);
      }
    });
    expect(server.logged).toEqual([]);
  });

  it('any well-formed principal has separate request ids and page tokens; others are rejected', async () => {
    await forAny(async (text) => {
      principal = text;
      const { operations, exportReport } = server.overGrpc;
      const request = { requestId: 'id' };
      if (!text.isWellFormed()) {
        expect(await codeOf(exportReport(request))).toBe(Code.UNKNOWN);
        return;
      }
      const { name } = await exportReport(request);
      expect((await exportReport(request)).name).toBe(name);
      await exportReport();
      const first = await operations.listOperations({ name: PARENT, pageSize: 1 });
      const next = { name: PARENT, pageSize: 1, pageToken: first.nextPageToken };
      expect((await operations.listOperations(next)).operations).toHaveLength(1);
      principal = `${text}x`;
      expect(await codeOf(operations.listOperations(next))).toBe(Code.INVALID_ARGUMENT);
      expect((await exportReport(request)).name).not.toBe(name);
    });
  });

  it('any abort reason of a caller that stops waiting is passed on unchanged', async () => {
    const { name } = await server.inProcess.exportReport();
    await forAny(async (reason) => {
      const controller = new AbortController();
      const waited = server.inProcess.operations.waitOperation({ name }, { signal: controller.signal });
      controller.abort(reason);
      await expect(waited).rejects.toBe(reason);
    });
    expect(await codeOf(server.overGrpc.operations.getOperation({ name }))).toBe(Code.OK);
  });
});
