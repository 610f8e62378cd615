import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { BadRequest, ErrorInfo, Help } from '../../generated/google/rpc/error_details.js';
import { Status } from '../../generated/google/rpc/status.js';
import { pack } from '../core/any.js';
import { Code, StatusError } from '../core/status.js';
import { aroundStore } from '../stores/contract/around-store.js';
import { expectKitError, rejection } from './kit-error.js';
import { assertSame, endingOf } from './messages.js';
import { PARENT } from './reports-server.js';
import { type Open, type Topic, testCase } from './test-case.js';

const SECRET = 'password hunter2 refused by db.internal';
const HELP = pack(Help, { links: [{ description: 'quota', url: 'https://example.com/quota' }] });
const OUT_OF_QUOTA = new StatusError(Code.RESOURCE_EXHAUSTED, 'Kontingent erschöpft: später wieder', [HELP]);

/** Contents of errors, and details that are not disclosed. */
export const errors: Topic<Open> = {
  name: 'errors',
  cases: [
    testCase(
      'of a bad field name the field in ErrorInfo and BadRequest, and say what to do',
      [32],
      async (open) => {
        const server = await open();
        const refused = server.operations.listOperations({ name: PARENT, pageSize: -3 });
        const error = await expectKitError(refused, Code.INVALID_ARGUMENT, { field: 'page_size' });
        equal(error.message, 'page size -3 is negative: leave it out for 50');
        equal(error.detail(ErrorInfo)?.metadata.field, 'page_size');
        equal(error.detail(BadRequest)?.fieldViolations[0]?.description, error.message);
      },
    ),

    testCase('of an unknown operation name it, also machine-readably', [32], async (open) => {
      const server = await open();
      const name = 'operations/größe';
      const error = await expectKitError(server.operations.getOperation({ name }), Code.NOT_FOUND);
      ok(error.message.includes(`"${name}"`));
      deepEqual({ ...error.detail(ErrorInfo)?.metadata }, { name });
    }),

    testCase('quote long values in part', [32], async (open) => {
      const server = await open();
      const asked = server.operations.getOperation({ name: `operations/${'x'.repeat(100_000)}` });
      const error = await expectKitError(asked, Code.INVALID_ARGUMENT, { field: 'name' });
      ok(error.message.length < 250);
    }),

    testCase('of a stopping server: UNAVAILABLE for a start', [32], async (open) => {
      const server = await open();
      await server.kit.close({ graceMs: 0 });
      await expectKitError(server.exportReport(), Code.UNAVAILABLE, { reason: 'SERVER_STOPPING' });
    }),

    testCase(
      'thrown unexpectedly by work: UNKNOWN "internal error", the cause in the log only',
      [33],
      async (open) => {
        const server = await open();
        const { name } = await server.exportReport();
        const cause = new Error(SECRET);
        (await server.exports.on(name)).fail(cause);
        const ended = await server.operations.waitOperation({ name });
        if (ended.result?.$case !== 'error') throw new Error('no error');
        const error = StatusError.from(ended.result.value);
        equal(error.code, Code.UNKNOWN);
        match(error.message, /^internal error in example\.reports\.v1\.Reports\/ExportReport/);
        equal(error.detail(ErrorInfo)?.reason, 'INTERNAL_ERROR');
        ok(!JSON.stringify(ended).includes('hunter2'));
        ok(!Buffer.concat(error.details.map(({ value }) => value)).includes('hunter2'));
        deepEqual(
          server.logged.map(({ facts }) => [facts.err, facts.operation]),
          [[cause, name]],
        );
      },
    ),

    ...[undefined, null, 'text', 42, { code: 5 }].map((thrown) =>
      testCase<Open>(`work that throws ${JSON.stringify(thrown)}: UNKNOWN too`, [33], async (open) => {
        const server = await open();
        const { name } = await server.exportReport();
        (await server.exports.on(name)).fail(thrown);
        equal(endingOf(await server.operations.waitOperation({ name })), 'UNKNOWN');
      }),
    ),

    testCase('thrown as StatusError by work: complete, and not logged', [33], async (open) => {
      const server = await open();
      const { name } = await server.exportReport();
      (await server.exports.on(name)).fail(OUT_OF_QUOTA);
      const { result } = await server.operations.waitOperation({ name });
      if (result?.$case !== 'error') throw new Error('no error');
      assertSame(Status, result.value, OUT_OF_QUOTA.toStatus());
      deepEqual(server.logged, []);
    }),

    testCase(
      'thrown as StatusError by onStart: complete, including details over the wire',
      [33],
      async (open) => {
        const server = await open({ exportReport: { onStart: () => Promise.reject(OUT_OF_QUOTA) } });
        const error = StatusError.from(await rejection(server.exportReport()));
        assertSame(Status, error.toStatus(), OUT_OF_QUOTA.toStatus());
        deepEqual(server.logged, []);
      },
    ),

    testCase(
      'thrown unexpectedly by onStart: "internal error" over gRPC, the cause in the log only',
      [33],
      async (open) => {
        const cause = new TypeError(SECRET);
        const server = await open({ exportReport: { onStart: () => Promise.reject(cause) } });
        const started = server.overGrpc.exportReport();
        const expected = { reason: 'INTERNAL_ERROR', message: /^internal error in / };
        const error = await expectKitError(started, Code.UNKNOWN, expected);
        ok(!error.message.includes('hunter2'));
        deepEqual(
          server.logged.map(({ facts }) => facts.err),
          [cause],
        );
      },
    ),

    testCase(
      'thrown by the store: "internal error" over gRPC, the cause in the log only',
      [33],
      async (open) => {
        const cause = new Error(SECRET);
        const server = await open({
          around: (store) =>
            aroundStore(store, (call, proceed) =>
              call.method === 'list' ? Promise.reject(cause) : proceed(),
            ),
        });
        const listed = server.overGrpc.operations.listOperations({ name: PARENT });
        const error = await expectKitError(listed, Code.UNKNOWN, { reason: 'INTERNAL_ERROR' });
        ok(!error.message.includes('hunter2'));
        deepEqual(
          server.logged.map(({ facts }) => facts.err),
          [cause],
        );
      },
    ),
  ],
};
