import type { JsonObject } from '@bufbuild/protobuf';
import type { CodeName } from '../../core/status.js';
import type { FaultEffect } from '../faults/fault.js';

/** Call that a server received. */
export interface RecordedCall {
  /** Full name of the method, such as `google.longrunning.Operations.GetOperation`. */
  readonly method: string;
  /** Request in ProtoJSON. */
  readonly request: JsonObject;
  /** Metadata of the call. For REST, the headers that became metadata. Binary values are in base64. */
  readonly headers: Readonly<Record<string, string>>;
  readonly over: 'gRPC' | 'REST';
  /** Time of arrival in milliseconds since 1970, by the server's clock. */
  readonly time: number;
  /** Injected fault, if any. */
  readonly fault?: FaultEffect | 'error' | 'delay';
  /** Outcome of the call, or undefined while it is open. */
  readonly outcome?: CallOutcome;
}

/** Outcome of a call. */
export interface CallOutcome {
  /** Status code. CANCELLED also if the caller went away or its deadline passed. */
  readonly code: CodeName;
  /** Error message, or empty for OK. */
  readonly message: string;
  /** Time of the end, in the unit of {@link RecordedCall.time}. */
  readonly time: number;
}
