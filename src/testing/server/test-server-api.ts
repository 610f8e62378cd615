import type { OperationsClient } from '../../client/operations/operations-client.js';
import type { RecordedCall } from '../calls/recorded-call.js';
import type { TestClock } from '../clock/test-clock.js';
import type { FailureSource, FaultSource, NamedFault } from '../faults/fault.js';
import type { PlannedFault } from '../faults/fault-plan.js';
import type { ScriptSource } from '../script/script-source.js';
import type { ApiSource, FakeOptions } from './faked-apis.js';
import type { HandDrivenOperation, HandDrivenOptions } from './hand-driven-operation.js';

/** A server to test against, made by `startTestServer`. */
export interface TestServer extends AsyncDisposable {
  /** `127.0.0.1:port`: gRPC, and REST. */
  readonly address: string;
  /** `http://127.0.0.1:port`, for REST; `https:` with TLS. */
  readonly url: string;
  /** A client of its operations, closed with it; with TLS it trusts the server's certificate. */
  readonly client: OperationsClient;
  readonly clock: TestClock;
  /** What it was asked, in the order in which it was: every call to `google.longrunning.Operations` and to what it fakes. */
  readonly calls: readonly RecordedCall[];
  /** What still goes wrong, in order. */
  readonly faults: readonly PlannedFault[];

  /**
   * Fakes an API: its methods that return operations start real ones, which go as the script says; others answer what the
   * script says, or are standard methods (AIP-131 to 135) of the resources that operations and calls have created.
   *
   * @param source - .proto files, an encoded `google.protobuf.FileDescriptorSet`, or a `Schema`.
   * @throws SchemaError, ScriptError, or HttpRuleError, each with what is wrong and what to do.
   *
   * @example
   * ```ts
   * await server.fake('google/cloud/gkemulticloud/v1/aws_service.proto', {
   *   includeDirs: ['node_modules/@google-cloud/gkemulticloud/build/protos'],
   *   script: { methods: { CreateAwsCluster: { durationMs: 50 } } },
   * });
   * ```
   */
  fake(source: ApiSource, options?: FakeOptions): Promise<void>;
  /**
   * Replaces what was said of the methods that the script names, and the default if it gives one. What it leaves out of a
   * method is as the default then in force. Its faults are added to those that there are.
   *
   * @throws ScriptError with everything that is wrong.
   */
  script(script: ScriptSource | string): void;
  /**
   * Makes an operation to which nothing happens but what the test says.
   *
   * @throws TypeError when `startedBy` is no method that starts operations; StatusError INVALID_ARGUMENT when its
   * metadata is no message.
   */
  operation(options?: HandDrivenOptions): Promise<HandDrivenOperation>;
  /**
   * Has the next calls of a method fail: one with UNAVAILABLE, unless told otherwise. Several take their turns.
   *
   * @throws ScriptError when the method is unknown, or something else is wrong.
   */
  failNext(method: string, failure?: FailureSource): void;
  /**
   * Puts a fault in the way of calls: an error, an effect or a delay; or one that has a name.
   *
   * @throws ScriptError as {@link TestServer.failNext} does.
   *
   * @example
   * ```ts
   * server.inject('waitUnimplemented');
   * server.inject({ method: 'GetOperation', effect: 'stale', times: 2 });
   * ```
   */
  inject(fault: FaultSource | NamedFault): void;
  /**
   * Resolves with the calls of a method as soon as there are so many.
   *
   * @param times - how many to wait for. @defaultValue 1
   * @throws TypeError when the method is unknown.
   */
  whenCalled(method: string, times?: number): Promise<readonly RecordedCall[]>;
  /** @throws Error that names every call which has not been answered. */
  expectNoOpenCalls(): void;
  /** Takes away faults, calls, resources and what `script` said. Faked APIs stay faked, and operations go on. */
  reset(): void;
  /** Ends it: nothing is left of it. */
  close(): Promise<void>;
}
