import type { Operation } from '../../generated/google/longrunning/operations.js';

/** Bytes as decoded by generators (`Uint8Array`, an array of numbers, Base64), or after `JSON.parse`. */
export type BytesForm =
  | Uint8Array
  | readonly number[]
  | string
  | { readonly type: 'Buffer'; readonly data: readonly number[] }
  | { readonly [index: number]: number; readonly type?: never };

/** `google.protobuf.Any` as decoded by generators, or in ProtoJSON. */
export type AnyForm =
  | {
      readonly typeUrl?: string | null | undefined;
      readonly value?: BytesForm | null | undefined;
      readonly '@type'?: never;
    }
  | {
      readonly type_url?: string | null | undefined;
      readonly value?: BytesForm | null | undefined;
      readonly '@type'?: never;
    }
  | { readonly '@type': string };

/** `google.rpc.Status` as decoded by generators, or in ProtoJSON. */
export interface StatusForm {
  readonly code?: number | null | undefined;
  readonly message?: string | null | undefined;
  readonly details?: readonly AnyForm[] | null | undefined;
}

interface OperationFields {
  readonly name?: string | null | undefined;
  readonly metadata?: AnyForm | null | undefined;
  readonly done?: boolean | null | undefined;
  /** Set by protobuf-es. */
  readonly $typeName?: 'google.longrunning.Operation';
  /** Set by ts-proto with `outputTypeAnnotations`. */
  readonly $type?: 'google.longrunning.Operation';
  /** Excludes the Operation of Compute Engine, a different message. */
  readonly status?: never;
  /** Excludes snapshots of this package: pass their `operation`. */
  readonly state?: never;
}

/**
 * Both fields of the oneof side by side: ts-proto by default, protobuf.js, google-gax, proto-loader,
 * ProtoJSON.
 */
interface FlatOperation extends OperationFields {
  readonly error?: StatusForm | null | undefined;
  readonly response?: AnyForm | null | undefined;
  /** Name of the field that is set: proto-loader with `oneofs`, protobuf.js. */
  readonly result?: 'error' | 'response' | null | undefined;
}

/** The oneof as one field: protobuf-es, ts-proto with `oneof=unions` or `oneof=unions-value`. */
interface UnionOperation extends OperationFields {
  readonly error?: never;
  readonly response?: never;
  readonly result?:
    | { readonly case: 'error'; readonly value: StatusForm }
    | { readonly case: 'response'; readonly value: AnyForm }
    | { readonly case: undefined; readonly value?: undefined }
    | { readonly $case: 'error'; readonly value: StatusForm }
    | { readonly $case: 'response'; readonly value: AnyForm }
    | { readonly $case: 'error'; readonly error: StatusForm }
    | { readonly $case: 'response'; readonly response: AnyForm }
    | null
    | undefined;
}

/** An operation of google-gax, as returned by Google's clients. */
interface WrappedOperation {
  readonly latestResponse: FlatOperation;
}

/**
 * `google.longrunning.Operation` in the form of any generator: ts-proto with each `oneof` setting,
 * protobuf-es, protobuf.js, google-gax, proto-loader with any options, ProtoJSON. `readOperation` converts it
 * to {@link Operation}.
 */
export type OperationMessage = Operation | FlatOperation | UnionOperation | WrappedOperation;
