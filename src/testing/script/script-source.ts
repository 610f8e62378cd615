import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { CodeName } from '../../core/status.js';
import type { OnCancel, OnInterrupted } from '../faking/cancel-behavior.js';
import type { FaultSource, NamedFault } from '../faults/fault.js';

/** An error, in the words of a script. */
export interface ErrorSource {
  readonly code: CodeName;
  readonly message: string;
  /** ProtoJSON with `@type`. @defaultValue none */
  readonly details?: readonly JsonObject[];
}

/** How the operations of a method go, in the words of a script; or what a method answers that starts none. */
export interface MethodScriptSource {
  /** How long the work takes. @defaultValue 1000 */
  readonly durationMs?: number;
  /** @defaultValue 'honour' */
  readonly onCancel?: OnCancel;
  /** @defaultValue 'abort' */
  readonly onInterrupted?: OnInterrupted;
  /** To begin with: ProtoJSON of the method's metadata type. @defaultValue none */
  readonly metadata?: JsonObject;
  /** Changes of it, each merged into what was there before. @defaultValue none */
  readonly steps?: readonly { readonly atMs: number; readonly metadata?: JsonObject }[];
  /** ProtoJSON of the response type. @defaultValue the resource of a standard method, else the empty message */
  readonly response?: JsonValue;
  /** Instead of a response. */
  readonly error?: ErrorSource;
}

/** A script as a program writes it: what YAML says, as an object. */
export interface ScriptSource {
  /** By full name, or by as much of its end as only one method has. */
  readonly methods?: Readonly<Record<string, MethodScriptSource>>;
  /** What methods do not say themselves. */
  readonly default?: Pick<MethodScriptSource, 'durationMs' | 'onCancel' | 'onInterrupted' | 'error'>;
  /** What goes wrong, in order. */
  readonly faults?: readonly (FaultSource | NamedFault)[];
}
