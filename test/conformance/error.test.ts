import { expect, it } from '@jest/globals';
import { BadRequest, ErrorInfo, Help } from '../../generated/google/rpc/error_details.js';
import { pack } from '../../src/any.js';
import { Code, StatusError } from '../../src/status.js';
import { aroundStore } from '../helpers/around-store.js';
import { expectKitError, rejection } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { onEveryServer } from './every-server.js';

const SECRET = 'password hunter2 refused by db.internal';

onEveryServer('errors', (open) => {
  it('of a bad field say which one, in ErrorInfo and BadRequest, and what to do (contract 32)', async () => {
    await using server = await open();
    const refused = server.operations.listOperations({ name: PARENT, pageSize: -3 });
    const error = await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_size' });
    expect(error.message).toBe('page size -3 is negative: leave it out for 50');
    expect(error.detail(ErrorInfo)).toMatchObject({ metadata: { field: 'page_size' } });
    expect(error.detail(BadRequest)?.fieldViolations).toMatchObject([
      { field: 'page_size', description: error.message },
    ]);
  });

  it('of an unknown operation name it, for programs too (contract 32)', async () => {
    await using server = await open();
    const name = 'operations/größe';
    const error = await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
    expect(error.message).toContain(`"${name}"`);
    expect(error.detail(ErrorInfo)?.metadata).toEqual({ name });
  });

  it('that quote a long value do not quote all of it (contract 32)', async () => {
    await using server = await open();
    const name = `operations/${'x'.repeat(100_000)}`;
    const error = await expectKitError(server.operations.getOperation({ name }), Code.INVALID_ARGUMENT, {
      field: 'name',
    });
    expect(error.message.length).toBeLessThan(250);
  });

  it('of a server that stops: UNAVAILABLE for a start (contract 32)', async () => {
    await using server = await open();
    await server.kit.close({ graceMs: 0 });
    await expectKitError(server.exportReport(), Code.UNAVAILABLE, { reason: 'SERVER_STOPPING' });
  });

  it('thrown unexpectedly by work: UNKNOWN "internal error", the cause in the log only (contract 33)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const cause = new Error(SECRET);
    (await server.exports.on(name)).fail(cause);
    const ended = await server.operations.waitOperation({ name });
    expect(ended).toMatchObject({ done: true, result: { $case: 'error', value: { code: Code.UNKNOWN } } });
    if (ended.result?.$case !== 'error') throw new Error('no error');
    const error = StatusError.from(ended.result.value);
    expect(error.message).toMatch(/^internal error in example\.reports\.v1\.Reports\/ExportReport/);
    expect(error.detail(ErrorInfo)?.reason).toBe('INTERNAL_ERROR');
    expect(JSON.stringify(ended)).not.toContain('hunter2');
    expect(Buffer.concat(error.details.map(({ value }) => value)).toString()).not.toContain('hunter2');
    expect(server.logged).toMatchObject([{ facts: { err: cause, operation: name } }]);
  });

  it.each([undefined, null, 'text', 42, { code: 5 }])(
    'work that throws %p: UNKNOWN too (contract 33)',
    async (thrown) => {
      await using server = await open();
      const { name } = await server.exportReport();
      (await server.exports.on(name)).fail(thrown);
      const { result } = await server.operations.waitOperation({ name });
      expect(result).toMatchObject({ $case: 'error', value: { code: Code.UNKNOWN } });
    },
  );

  it('thrown as StatusError by work: whole, and nothing in the log (contract 33)', async () => {
    await using server = await open();
    const { name } = await server.exportReport();
    const help = pack(Help, { links: [{ description: 'quota', url: 'https://example.com/quota' }] });
    const thrown = new StatusError(Code.RESOURCE_EXHAUSTED, 'Kontingent erschöpft: später wieder', [help]);
    (await server.exports.on(name)).fail(thrown);
    const { result } = await server.operations.waitOperation({ name });
    expect(result).toEqual({ $case: 'error', value: thrown.toStatus() });
    expect(server.logged).toEqual([]);
  });

  it('thrown as StatusError by accept: whole, details over the wire too (contract 33)', async () => {
    const help = pack(Help, { links: [{ description: 'quota', url: 'https://example.com/quota' }] });
    const thrown = new StatusError(Code.RESOURCE_EXHAUSTED, 'Kontingent erschöpft: später wieder', [help]);
    await using server = await open({ exportReport: { accept: () => Promise.reject(thrown) } });
    const error = await rejection(server.exportReport());
    expect(error).toMatchObject({ code: thrown.code, message: thrown.message, details: [help] });
    expect(server.logged).toEqual([]);
  });

  it('thrown unexpectedly by accept: "internal error" over gRPC, the cause in the log only (contract 33)', async () => {
    const accept = () => {
      throw new TypeError(SECRET);
    };
    await using server = await open({ exportReport: { accept } });
    const started = server.overGrpc.exportReport();
    const expected = { reason: 'INTERNAL_ERROR', message: /^internal error in / };
    const error = await expectKitError(started, Code.UNKNOWN, expected);
    expect(error.message).not.toContain('hunter2');
    expect(server.logged).toMatchObject([{ facts: { err: { message: SECRET } } }]);
  });

  it('thrown by the store: "internal error" over gRPC, the cause in the log only (contract 33)', async () => {
    await using server = await open({
      around: (store) =>
        aroundStore(store, (call, proceed) =>
          call.method === 'list' ? Promise.reject(new Error(SECRET)) : proceed(),
        ),
    });
    const listed = server.overGrpc.operations.listOperations({ name: PARENT });
    const error = await expectKitError(listed, Code.UNKNOWN, { reason: 'INTERNAL_ERROR' });
    expect(error.message).not.toContain('hunter2');
    expect(server.logged).toMatchObject([{ facts: { err: { message: SECRET } } }]);
  });
});
