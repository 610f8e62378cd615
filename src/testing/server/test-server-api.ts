import type { OperationsClient } from '../../client/operations/operations-client.js';
import type { Clock } from '../../core/clock.js';
import type { StatusError } from '../../core/status.js';
import type { RecordedCall } from '../calls/call-log.js';
import type { Fault } from '../faults/fault.js';
import type { Script } from '../script/script-source.js';
import type { HandDrivenOperation, HandDrivenOptions } from './hand-driven-operation.js';

/** Test server, created by `startTestServer`. */
export interface TestServer extends AsyncDisposable {
  /** Address `127.0.0.1:port` for gRPC and REST. */
  readonly address: string;
  /** Base URL for REST: `http://127.0.0.1:port`, or `https:` with TLS. */
  readonly url: string;
  /** Client of the server's operations, closed with the server. With TLS it trusts the server's certificate. */
  readonly client: OperationsClient;
  readonly clock: Clock & {
    /**
     * Advances the time by `ms` milliseconds and fires due timers in order.
     *
     * @throws TypeError if the server uses the system clock.
     */
    advance(ms: number): Promise<void>;
  };
  /** Recorded calls in order of arrival, to `google.longrunning.Operations`, hosted services and faked APIs. */
  readonly calls: readonly RecordedCall[];
  /** Remaining faults, in order. */
  readonly faults: readonly {
    /** Full name of the method. Undefined for any method. */
    readonly method: string | undefined;
    /** `name` or `parent` of the request. Undefined for any. */
    readonly name: string | undefined;
    readonly delayMs: number;
    /** Number of calls to affect. Infinity for all. */
    readonly times: number;
    /** Consequence for the call, after the delay. */
    readonly consequence:
      | { readonly type: 'error'; readonly error: StatusError }
      | { readonly type: 'effect'; readonly effect: NonNullable<Fault['effect']> }
      | { readonly type: 'none' };
    /** Number of calls that have met it. */
    readonly met: number;
    /** Number of calls that will still meet it. Infinity means all. */
    readonly left: number;
  }[];

  /**
   * Fakes an API. Methods that return operations start real ones, which follow the script. Other methods answer
   * as scripted. Standard methods (AIP-131 to 135) serve the resources that operations and calls have created.
   *
   * @param source - one or more .proto files, or an encoded `google.protobuf.FileDescriptorSet` with all imports.
   * @throws SchemaError, ScriptError or HttpRuleError, each with the cause and its remedy; TypeError if a service is
   * hosted.
   *
   * @example
   * ```ts
   * await server.fake('google/cloud/gkemulticloud/v1/aws_service.proto', {
   *   includeDirs: ['node_modules/@google-cloud/gkemulticloud/build/protos'],
   *   script: { methods: { CreateAwsCluster: { durationMs: 50 } } },
   * });
   * ```
   */
  fake(
    source: string | readonly string[] | Uint8Array,
    options?: {
      /** Directories to search for the files and their imports. @defaultValue none */
      readonly includeDirs?: readonly string[] | undefined;
      /** Behavior of its methods: an object, or the text of a YAML file. @defaultValue a second of work, cancelled on request */
      readonly script?: Script | string | undefined;
    },
  ): Promise<void>;
  /**
   * Replaces the behavior of the methods that the script names, and the default if it has one. Settings that a
   * method omits come from the current default. Its faults are added to the existing ones.
   *
   * @throws ScriptError with all faults of the script.
   */
  script(script: Script | string): void;
  /**
   * Creates an operation that changes only as the test says.
   *
   * @throws TypeError if `startedBy` is not a method that starts operations; StatusError INVALID_ARGUMENT if the
   * metadata is not a message.
   */
  createOperation(options?: HandDrivenOptions): Promise<HandDrivenOperation>;
  /**
   * Makes the next calls of a method fail: by default, one call with UNAVAILABLE. Several failures apply in
   * order.
   *
   * @throws ScriptError if the method is unknown or the failure is malformed.
   */
  failNext(method: string, failure?: Omit<Fault, 'method' | 'effect'>): void;
  /**
   * Injects a fault into calls: an error, an effect, a delay, or a named fault.
   *
   * @throws ScriptError like {@link TestServer.failNext}.
   *
   * @example
   * ```ts
   * server.inject('waitUnimplemented');
   * server.inject({ method: 'GetOperation', effect: 'stale', times: 2 });
   * ```
   */
  inject(fault: Fault | 'waitUnimplemented' | 'cancelUnimplemented'): void;
  /**
   * Resolves with the calls of a method once there are enough.
   *
   * @param times - number of calls to wait for. @defaultValue 1
   * @throws TypeError if the method is unknown.
   */
  whenCalled(method: string, times?: number): Promise<readonly RecordedCall[]>;
  /** @throws Error that names every unanswered call. */
  expectNoOpenCalls(): void;
  /**
   * Removes faults, calls, resources and changes made by `script`. Hosted services and faked APIs stay, and
   * operations continue.
   */
  reset(): void;
  /** Closes the server and everything that belongs to it. */
  close(): Promise<void>;
}
