import type { JsonObject } from '@bufbuild/protobuf';
import type { CodeName } from '../../core/status.js';
import type { FaultEffect } from '../faults/fault.js';

/** A call that was made to a server. */
export interface RecordedCall {
  /** `google.longrunning.Operations.GetOperation`. */
  readonly method: string;
  /** ProtoJSON. */
  readonly request: JsonObject;
  /** Metadata of the call; over REST, the headers that became such. Binary ones in base64. */
  readonly headers: Readonly<Record<string, string>>;
  readonly over: 'gRPC' | 'REST';
  /** When it came: milliseconds since 1970, by the clock of the server. */
  readonly time: number;
  /** The fault that it met, if it met one. */
  readonly fault?: FaultEffect | 'error' | 'delay';
  /** Undefined while it is open. */
  readonly outcome?: CallOutcome;
}

/** How a call ended. */
export interface CallOutcome {
  /** CANCELLED also when the caller went away or its deadline passed. */
  readonly code: CodeName;
  /** Of the error; empty for OK. */
  readonly message: string;
  /** As {@link RecordedCall.time}. */
  readonly time: number;
}
