import { ListOperationsResponse, Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';

/** Replaces each Any of an operation, or of the operations of a listing; leaves a message of another type alone. */
export function replaceAnys(typeName: string, message: unknown, replace: (any: Any) => Any): unknown {
  switch (typeName) {
    case Operation.$type:
      return inOperation(message as Operation, replace);
    case ListOperationsResponse.$type: {
      const listed = message as ListOperationsResponse;
      return { ...listed, operations: listed.operations.map((each) => inOperation(each, replace)) };
    }
    default:
      return message;
  }
}

/** A type that nobody knows. */
export function unknownAny(): Any {
  return { typeUrl: 'type.googleapis.com/longrunning.testing.Unknown', value: Buffer.from([8, 1]) };
}

/** Of the same type, but bytes that are no message of any type: a field of a wire type that there is not. */
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

/** Whether a method that answers with messages of this type answers with operations. */
export function isOperationType(typeName: string): boolean {
  return typeName === Operation.$type;
}
