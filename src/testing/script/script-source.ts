import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { CodeName } from '../../core/status.js';
import type { OnCancel, OnInterrupted } from '../faking/cancel-behavior.js';
import type { FaultSource, NamedFault } from '../faults/fault.js';

/** Error as scripts write it. */
export interface ErrorSource {
  readonly code: CodeName;
  readonly message: string;
  /** Details in ProtoJSON with `@type`. @defaultValue none */
  readonly details?: readonly JsonObject[];
}

/** Behavior of a method's operations as scripts write it, or the response of a method that starts no operation. */
export interface MethodScriptSource {
  /** Duration of the work in milliseconds. @defaultValue 1000 */
  readonly durationMs?: number;
  /** @defaultValue 'honour' */
  readonly onCancel?: OnCancel;
  /** @defaultValue 'abort' */
  readonly onInterrupted?: OnInterrupted;
  /** Initial metadata: ProtoJSON of the method's metadata type. @defaultValue none */
  readonly metadata?: JsonObject;
  /** Metadata changes, each merged into the previous metadata. @defaultValue none */
  readonly steps?: readonly { readonly atMs: number; readonly metadata?: JsonObject }[];
  /** ProtoJSON of the response type. @defaultValue the resource of a standard method, otherwise the empty message */
  readonly response?: JsonValue;
  /** Error with which operations end instead of a response. */
  readonly error?: ErrorSource;
}

/** Script as an object: the contents of the YAML file. */
export interface ScriptSource {
  /** Methods by full name, or by any suffix of it that is unique. */
  readonly methods?: Readonly<Record<string, MethodScriptSource>>;
  /** Defaults for methods that do not set these fields. */
  readonly default?: Pick<MethodScriptSource, 'durationMs' | 'onCancel' | 'onInterrupted' | 'error'>;
  /** Faults to inject, in order. */
  readonly faults?: readonly (FaultSource | NamedFault)[];
}
