import { ListOperationsResponse, Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { readOperation } from '../../core/read-operation.js';

/**
 * Replaces each Any in an operation of any generator, or in a list of operations. Returns messages of other types unchanged.
 */
export function replaceAnys(typeName: string, message: unknown, replace: (any: Any) => Any): unknown {
  switch (typeName) {
    case Operation.$type:
      return inOperation(readOperation(message), replace);
    case ListOperationsResponse.$type: {
      const listed = message as ListOperationsResponse;
      return { ...listed, operations: listed.operations.map((each) => inOperation(each, replace)) };
    }
    default:
      return message;
  }
}

/** Creates an Any with an unknown type. */
export function unknownAny(): Any {
  return { typeUrl: 'type.googleapis.com/longrunning.testing.Unknown', value: Buffer.from([8, 1]) };
}

/** Creates an Any of the same type with bytes that no message type can decode: they use an undefined wire type. */
export function brokenAny({ typeUrl }: Any): Any {
  return { typeUrl, value: Buffer.from([0xff]) };
}

function inOperation(operation: Operation, replace: (any: Any) => Any): Operation {
  const { metadata, result } = operation;
  return {
    ...operation,
    metadata: metadata && replace(metadata),
    result: result && inResult(result, replace),
  };
}

function inResult(result: NonNullable<Operation['result']>, replace: (any: Any) => Any): Operation['result'] {
  switch (result.$case) {
    case 'response':
      return { $case: 'response', value: replace(result.value) };
    case 'error':
      return { $case: 'error', value: { ...result.value, details: result.value.details.map(replace) } };
  }
}

/** Returns true if messages of this type are operations. */
export function isOperationType(typeName: string): boolean {
  return typeName === Operation.$type;
}
