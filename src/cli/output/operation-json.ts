import { Code, codeName, type OperationSnapshot } from '../../index.js';
import { progressOf } from './progress.js';

/** Operation in ProtoJSON: printed by `--json`, and the source of the text output. */
export interface OperationJson {
  readonly name?: string;
  readonly metadata?: AnyJson;
  /** Absent while false, as ProtoJSON omits defaults. */
  readonly done?: boolean;
  readonly error?: ErrorJson;
  readonly response?: AnyJson;
}

/** `google.protobuf.Any` in ProtoJSON. */
export interface AnyJson {
  readonly '@type'?: string;
  readonly [field: string]: unknown;
}

/** `google.rpc.Status` in ProtoJSON. */
export interface ErrorJson {
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly AnyJson[];
}

/** Operation in the form that the text output needs. */
export interface OperationView {
  readonly state: OperationSnapshot<unknown, unknown>['state'];
  readonly json: OperationJson;
}

/**
 * Summarizes an operation beside its state: its progress, from common fields of metadata messages, or its error.
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

/** Rounds down, so that 100 % means complete. */
function percentText(percent: number | undefined): string[] {
  return percent === undefined ? [] : [`${Math.floor(percent)} %`];
}

/** Status texts in the metadata of a running operation. */
export function remarksOf(metadata: AnyJson): string[] {
  const { statusDetail, statusMessage } = metadata;
  return [
    ...[statusDetail, statusMessage].filter((text) => typeof text === 'string' && text !== '').slice(0, 1),
    ...(metadata.cancelRequested || metadata.requestedCancellation ? ['cancellation requested'] : []),
  ].map(String);
}

/** Name of the message type in an Any, without its package. */
export function shortTypeName(any: AnyJson): string {
  return any['@type']?.split(/[./]/).at(-1) ?? 'unknown type';
}
