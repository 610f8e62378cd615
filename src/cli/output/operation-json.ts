import { Code, codeName, type OperationSnapshot } from '../../index.js';
import { progressOf } from './progress.js';

/** An Operation as ProtoJSON: what `--json` prints, and what the human output is made of. */
export interface OperationJson {
  readonly name?: string;
  readonly metadata?: AnyJson;
  /** Left out while false, as ProtoJSON leaves out every default. */
  readonly done?: boolean;
  readonly error?: ErrorJson;
  readonly response?: AnyJson;
}

/** A `google.protobuf.Any` as ProtoJSON. */
export interface AnyJson {
  readonly '@type'?: string;
  readonly [field: string]: unknown;
}

/** A `google.rpc.Status` as ProtoJSON. */
export interface ErrorJson {
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly AnyJson[];
}

/** An operation as it is shown to people. */
export interface OperationView {
  readonly state: OperationSnapshot<unknown, unknown>['state'];
  readonly json: OperationJson;
}

/**
 * What there is to say of an operation beside its state, in a few words: how far it has come, by the fields
 * that metadata messages commonly have for it, or why it failed.
 */
export function detailOf({ state, json: { metadata = {}, error } }: OperationView): string {
  switch (state) {
    case 'failed':
      return `${codeName(error?.code ?? Code.UNKNOWN)}: ${error?.message ?? ''}`;
    case 'succeeded':
    case 'cancelled':
      return '';
    case 'running':
      return [...percentText(progressOf(metadata)), ...remarksOf(metadata)].join(', ');
  }
}

/** Rounded down: 100 % is said of nothing that is less. */
function percentText(percent: number | undefined): string[] {
  return percent === undefined ? [] : [`${Math.floor(percent)} %`];
}

/** What metadata says of a running operation in words. */
export function remarksOf(metadata: AnyJson): string[] {
  const { statusDetail, statusMessage } = metadata;
  return [
    ...[statusDetail, statusMessage].filter((text) => typeof text === 'string' && text !== '').slice(0, 1),
    ...(metadata.cancelRequested || metadata.requestedCancellation ? ['cancellation requested'] : []),
  ].map(String);
}

/** The message type that an Any holds, without its package. */
export function shortTypeName(any: AnyJson): string {
  return any['@type']?.split(/[./]/).at(-1) ?? 'unknown type';
}
