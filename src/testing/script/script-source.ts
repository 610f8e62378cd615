import type { DescMethod, JsonObject, JsonValue, Registry } from '@bufbuild/protobuf';
import type { CodeName } from '../../core/status.js';
import type { Schema } from '../../schema/index.js';
import type { Fault } from '../faults/fault.js';

/** Error as scripts write it. */
export type ScriptedError = NonNullable<MethodScript['error']>;

/** Behavior of a method's operations as scripts write it, or the response of a method that starts no operation. */
export interface MethodScript {
  /** Duration of the work in milliseconds. @defaultValue 1000 */
  readonly durationMs?: number | undefined;
  /**
   * Cancellation behavior: honored at once or after a delay, ignored, or rejected as UNIMPLEMENTED.
   *
   * @defaultValue 'honour'
   */
  readonly onCancel?: 'honour' | 'ignore' | 'unimplemented' | { readonly afterMs: number } | undefined;
  /**
   * Recovery of work after a server crash, in a store that outlives the server: it ends with ABORTED, or starts again.
   *
   * @defaultValue 'abort'
   */
  readonly onInterrupted?: 'abort' | 'resume' | undefined;
  /** Initial metadata: ProtoJSON of the method's metadata type. @defaultValue none */
  readonly metadata?: JsonObject | undefined;
  /** Metadata changes, each merged into the previous metadata. @defaultValue none */
  readonly steps?:
    | readonly { readonly atMs: number; readonly metadata?: JsonObject | undefined }[]
    | undefined;
  /** ProtoJSON of the response type. @defaultValue the resource of a standard method, otherwise the empty message */
  readonly response?: JsonValue | undefined;
  /** Error with which operations end instead of a response. */
  readonly error?:
    | {
        readonly code: CodeName;
        readonly message: string;
        /** Details in ProtoJSON with `@type`. @defaultValue none */
        readonly details?: readonly JsonObject[] | undefined;
      }
    | undefined;
}

/** Script as an object: the contents of the YAML file. */
export interface Script {
  /** Methods by full name, or by any suffix of it that is unique. */
  readonly methods?: Readonly<Record<string, MethodScript>> | undefined;
  /** Defaults for methods that do not set these fields. */
  readonly default?: Pick<MethodScript, 'durationMs' | 'onCancel' | 'onInterrupted' | 'error'> | undefined;
  /** Faults to inject, in order. */
  readonly faults?: readonly (Fault | 'waitUnimplemented' | 'cancelUnimplemented')[] | undefined;
}

/** Cancellation behavior: honored at once or after a delay, ignored, or rejected as UNIMPLEMENTED. */
export type OnCancel = NonNullable<MethodScript['onCancel']>;

/**
 * Recovery of work after a server crash, in a store that outlives the server: it ends with ABORTED, or starts
 * again.
 */
export type OnInterrupted = (typeof ON_INTERRUPTED)[number];

export const ON_INTERRUPTED = ['abort', 'resume'] as const;

/** Names that a script may use. */
export interface ScriptTypes {
  /** Full names of all methods that can be called. */
  readonly methodNames: readonly string[];
  /** Types that an Any may contain. */
  readonly registry: Registry;
}

const OPERATIONS = ['ListOperations', 'GetOperation', 'DeleteOperation', 'CancelOperation', 'WaitOperation'];

/**
 * Names for scripts of a schema: its services, and the five methods of every server.
 *
 * @param hosted - full names of further methods.
 */
export function scriptTypes(
  { services, registry }: Pick<Schema, 'services' | 'registry'>,
  hosted: readonly string[] = [],
): ScriptTypes {
  const own = OPERATIONS.map((method) => `google.longrunning.Operations.${method}`);
  const faked = services.flatMap((service) => service.methods.map(fullName));
  return { methodNames: [...own, ...faked, ...hosted], registry };
}

/** Full name of a method, such as `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`. */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
