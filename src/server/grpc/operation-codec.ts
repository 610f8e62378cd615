import { isDeepStrictEqual } from 'node:util';
import { ListOperationsResponse, Operation } from '../../../generated/google/longrunning/operations.js';
import { encodeMessage } from '../../core/any.js';
import { readOperation } from '../../core/read-operation.js';

const any = { typeUrl: 'type.googleapis.com/longrunning.Probe', value: Buffer.of(1, 2) };
const probe = { name: 'operations/probe', metadata: any, done: true };

/** Operations that together use every field. */
const PROBES: readonly Operation[] = [
  { ...probe, result: { $case: 'error', value: { code: 9, message: 'probe', details: [any] } } },
  { ...probe, result: { $case: 'response', value: any } },
];
const PAGE: ListOperationsResponse = {
  operations: [...PROBES],
  nextPageToken: 'probe',
  unreachable: ['probe'],
};

type Serialize = (message: unknown) => Buffer;

/**
 * Creates a serializer for methods that return Operations or pages of them. It uses the codec of the kit and accepts the
 * representations of all generators.
 *
 * Service definitions do not name their messages, so the response type is detected by probing: the decoder of a method that
 * returns Operations reproduces an encoded Operation.
 *
 * @param decode - decodes the responses of a method.
 * @returns undefined if the method returns another type.
 */
export function operationSerializer(decode: (bytes: Buffer) => unknown): Serialize | undefined {
  if (returnsOperation(decode)) return serializeOperation;
  if (reproduces(decode, encodeMessage(ListOperationsResponse, PAGE), readPage, PAGE))
    return (message) => encodeMessage(ListOperationsResponse, readPage(message));
  return undefined;
}

/** Encodes an Operation of any generator. */
export const serializeOperation: Serialize = (message) => encodeMessage(Operation, readOperation(message));

/** Returns true if a method returns Operations, in the representation of any generator. */
export function returnsOperation(decode: (bytes: Buffer) => unknown): boolean {
  const read = (given: unknown) => readOperation(given);
  return PROBES.every((operation) =>
    reproduces(decode, encodeMessage(Operation, operation), read, operation),
  );
}

function reproduces<Message>(
  decode: (bytes: Buffer) => unknown,
  bytes: Buffer,
  read: (decoded: unknown) => Message,
  message: Message,
): boolean {
  try {
    return isDeepStrictEqual(read(decode(bytes)), message);
  } catch {
    return false;
  }
}

/** @throws TypeError if the value is not a ListOperationsResponse of any generator. */
function readPage(page: unknown): ListOperationsResponse {
  const { operations, nextPageToken, next_page_token: snakeCase, unreachable } = Object(page);
  if (!Array.isArray(operations ?? [])) throw new TypeError('operations of the page are not an array');
  return {
    operations: Array.from(operations ?? [], (operation) => readOperation(operation)),
    nextPageToken: String(nextPageToken ?? snakeCase ?? ''),
    unreachable: Array.from(unreachable ?? [], String),
  };
}
