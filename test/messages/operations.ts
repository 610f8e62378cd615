import fc from 'fast-check';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { pack } from '../../src/core/any.js';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

/** Type URLs with any prefix and an unknown type. protobuf.js takes many short names for something else than a type. */
const readableTypeUrl = text.map((prefix) => `${prefix}/acme.Unknown`);

/** An Any of a type that no codec knows. */
const opaqueAny: fc.Arbitrary<Any> = fc.record({
  typeUrl: fc.oneof(fc.constant('type.googleapis.com/acme.Job'), fc.constant(''), readableTypeUrl),
  value: bytes,
});

/** An Any of a known type, without fields whose well-known types have a special JSON form. */
const knownAny: fc.Arbitrary<Any> = fc.oneof(
  fc.constant(pack(Empty, {})),
  fc
    .record({ uri: text, rowCount: fc.integer({ min: 0, max: 2 ** 31 - 1 }) })
    .map((message) => pack(ExportReportResponse, ExportReportResponse.fromPartial(message))),
  fc
    .record({ progressPercent: fc.integer({ min: 0, max: 100 }) })
    .map((message) => pack(ReportMetadata, ReportMetadata.fromPartial(message))),
);

/** Arbitrary operations with a name, whose metadata, response and details are of the given kind. */
function operations(any: fc.Arbitrary<Any>): fc.Arbitrary<Operation> {
  const error = fc.record({
    code: fc.oneof(fc.integer({ min: 0, max: 16 }), fc.integer()),
    message: text,
    details: fc.array(any, { maxLength: 3 }),
  });
  const result = fc.oneof(
    error.map((value) => ({ $case: 'error' as const, value })),
    any.map((value) => ({ $case: 'response' as const, value })),
  );
  return fc.record({
    name: fc.oneof(
      fc.constant('operations/1'),
      text.filter((name) => name !== ''),
    ),
    metadata: fc.option(any, { nil: undefined }),
    done: fc.boolean(),
    result: fc.option(result, { nil: undefined }),
  });
}

export const anyOperation = operations(opaqueAny);
export const knownOperation = operations(knownAny);
