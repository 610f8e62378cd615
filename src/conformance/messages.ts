import { deepEqual, equal } from 'node:assert/strict';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { unpack } from '../core/any.js';
import type { MessageType } from '../core/operation-method.js';
import { type CodeName, codeName } from '../core/status.js';

/** State of an operation: not ended, ended with a response, or ended with the error of a code. */
export type Ending = 'running' | 'response' | CodeName;

export function endingOf({ name, done, result }: Operation): Ending {
  equal(done, result !== undefined, `done and result of ${name} disagree (contract 2)`);
  if (!result) return 'running';
  return result.$case === 'response' ? 'response' : codeName(result.value.code);
}

/** Metadata of an operation of the example service. */
export function metadataOf(operation: Operation): ReportMetadata {
  if (!operation.metadata) throw new Error(`operation ${operation.name} has no metadata`);
  return unpack(ReportMetadata, operation.metadata);
}

/** Checks that two messages are equal. Bytes may be a Buffer or a Uint8Array. */
export function assertSame<Message>(type: MessageType<Message>, actual: Message, expected: Message): void {
  // Parsed again: a store's values may come from another realm, and arrays of different realms are not deeply equal.
  const json = (message: Message): unknown => JSON.parse(JSON.stringify(type.toJSON(message)));
  deepEqual(json(actual), json(expected));
}

export function assertSameOperation(actual: Operation, expected: Operation): void {
  assertSame(Operation, actual, expected);
}
