import { isDeepStrictEqual } from 'node:util';
import { ListOperationsResponse, Operation } from '../../../generated/google/longrunning/operations.js';
import { encodeMessage } from '../../core/any.js';
import { readOperation } from '../../core/read-operation.js';

const any = { typeUrl: 'type.googleapis.com/longrunning.Probe', value: Buffer.of(1, 2) };
const probe = { name: 'operations/probe', metadata: any, done: true };

/** Operations that use every field, between them. */
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
 * Encodes Operations, and pages of them, with the codec of the kit, whatever form they are in.
 *
 * Service definitions do not name their messages. So bytes of an Operation are decoded: a method that answers Operations
 * gives the same Operation back.
 *
 * @param decode - decodes the answers of a method.
 * @returns undefined if the method answers something else.
 */
export function operationSerializer(decode: (bytes: Buffer) => unknown): Serialize | undefined {
  const answers = <Message>(bytes: Buffer, read: (decoded: unknown) => Message, message: Message) => {
    try {
      return isDeepStrictEqual(read(decode(bytes)), message);
    } catch {
      return false;
    }
  };
  if (
    PROBES.every((operation) =>
      answers(encodeMessage(Operation, operation), (given) => readOperation(given), operation),
    )
  )
    return (message) => encodeMessage(Operation, readOperation(message));
  if (answers(encodeMessage(ListOperationsResponse, PAGE), readPage, PAGE))
    return (message) => encodeMessage(ListOperationsResponse, readPage(message));
  return undefined;
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
