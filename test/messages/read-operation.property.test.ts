import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { typesOf } from '../../src/core/operation-method.js';
import { readOperation } from '../../src/core/read-operation.js';
import {
  type Form,
  PROTO_JSON,
  PROTOBUF_ES,
  protobufJsForms,
  protoLoaderForms,
  tsProtoForms,
} from './forms.js';
import { anyOperation, knownOperation } from './operations.js';

const types = typesOf(ReportsOperations.exportReport);

/**
 * Returns a message after a JSON round trip, or undefined if its own library cannot write it, such as
 * protobuf.js an Any of type ".".
 */
function throughJson(written: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(written));
  } catch {
    return undefined;
  }
}

function check(forms: readonly Form[], operations: fc.Arbitrary<Operation>, numRuns: number): void {
  fc.assert(
    fc.property(operations, (operation) => {
      for (const { name, write, lossyJson } of forms) {
        const written = write(operation);
        const again = throughJson(written);
        try {
          expect(readOperation(written, types)).toEqual(operation);
          if (!lossyJson && again !== undefined) expect(readOperation(again, types)).toEqual(operation);
        } catch (cause) {
          throw new Error(`${name}: ${JSON.stringify(again)}`, { cause });
        }
      }
    }),
    { numRuns },
  );
}

describe('readOperation reads any operation as written (contract 44), and after a JSON round trip', () => {
  it('by the kit', () => check([{ name: 'kit', write: (operation) => operation }], anyOperation, 200));
  it('by ts-proto, with each oneof setting', () => check(tsProtoForms(), anyOperation, 50));
  it('by protobuf-es', () => check([PROTOBUF_ES], anyOperation, 200));
  it('by protobuf.js and google-gax', () => check(protobufJsForms(), anyOperation, 100));
  it('by proto-loader, with all options', () => check(protoLoaderForms(), anyOperation, 5));
  it('by proto-loader, with types that it unpacks', () => check(protoLoaderForms(), knownOperation, 5));
  it('in ProtoJSON', () => check(PROTO_JSON, knownOperation, 200));
});
