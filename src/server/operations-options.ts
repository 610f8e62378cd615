import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { Service } from '../core/service.js';
import type { OperationStore } from '../stores/contract/operation-store.js';
import type { AuthorizeStep } from './access/call-facts.js';
import type { CallerLimitOptions } from './limits/caller-limits.js';
import type { ServiceLimits } from './service/operations-service.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { ImplementedMethod } from './work/implement.js';

/** Options of `createOperations`. */
export interface OperationsOptions extends Partial<ServiceLimits>, CallerLimitOptions {
  /** Services to serve, created by `service`, with their long-running methods. @defaultValue none */
  readonly services?: readonly Service[] | undefined;
  /**
   * Long-running methods to serve, created by `implement`, for programs that register gRPC handlers themselves or start
   * operations only in process. @defaultValue those of `services`
   */
  readonly methods?: readonly ImplementedMethod[] | undefined;
  /** Store of the operations. It is closed with the server. @defaultValue `memoryStore()` */
  readonly store?: OperationStore | undefined;
  /** Maximum number of operations that run concurrently; further ones are queued. @defaultValue 100 */
  readonly maxRunning?: number | undefined;
  /**
   * Maximum number of queued and running operations in the store, across all servers that share it. Further starts fail with
   * RESOURCE_EXHAUSTED. The store must implement `countUnfinished`. @defaultValue no limit
   */
  readonly maxUnfinished?: number | undefined;
  /**
   * Upper bound on the response, the error and the metadata of an operation, each in encoded bytes. By default clients accept
   * messages of at most 4 MiB.
   *
   * An operation with a larger response ends with RESOURCE_EXHAUSTED, one with a larger error ends with a shorter error of the
   * same code. A larger response of `onStart` fails the start. With larger metadata, `update` or `start` fails. A result and
   * metadata together may exceed the limit by at most 512 KiB.
   *
   * @defaultValue 3 MiB
   */
  readonly maxResultBytes?: number | undefined;
  /** Retention time of an operation after its end, in milliseconds. @defaultValue 30 days */
  readonly retentionMs?: number | undefined;
  /** Secret key of page tokens. @defaultValue the secret of the store, which its servers share */
  readonly pageTokenSecret?: string | Uint8Array | undefined;
  /**
   * Creates the last segment of the name of a new operation. It must be unique across all servers that share the store.
   *
   * @defaultValue 32 random hexadecimal digits
   */
  readonly newId?: (() => string) | undefined;
  /**
   * Authorization of gRPC calls, including REST: of the five methods, of methods that start operations and of guarded ones. The
   * steps run in this order until one refuses the call, before anything is read. In-process calls (`api`, `start`) are not
   * checked.
   *
   * @defaultValue every call is allowed
   */
  readonly authorize?: AuthorizeStep | readonly AuthorizeStep[] | undefined;
  /**
   * Traces and measures calls, work and the store, such as `openTelemetry()` of `longrunning/opentelemetry`.
   * @defaultValue none
   */
  readonly telemetry?: Telemetry | undefined;
  /** Receives errors that are hidden from clients. @defaultValue standard error */
  readonly logger?: Logger | undefined;
  /** Source of time and timers. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
}

/** Default values of the numeric options. */
export const DEFAULT_OPTIONS = {
  maxRunning: 100,
  retentionMs: 30 * 24 * 60 * 60 * 1000,
  defaultPageSize: 50,
  maxPageSize: 1000,
  maxPageBytes: 3 * 1024 * 1024,
  maxResultBytes: 3 * 1024 * 1024,
  maxWaitMs: 60_000,
};

/** Default value of `graceMs` of `close`. */
export const DEFAULT_GRACE_MS = 3000;

/** Numeric options to check. */
export interface CheckedLimits extends ServiceLimits, CallerLimitOptions {
  readonly maxRunning: number;
  readonly retentionMs: number;
  readonly maxResultBytes: number;
  readonly maxUnfinished?: number | undefined;
}

const COUNTS = [
  'maxUnfinished',
  'maxCallsPerCaller',
  'maxWaitsPerCaller',
  'ratePerSecond',
  'refusalsPerSecond',
] as const;

/** @throws TypeError if a limit is not a positive number. */
export function checkLimits(settings: CheckedLimits): void {
  for (const option of [
    'maxRunning',
    'retentionMs',
    'defaultPageSize',
    'maxPageSize',
    'maxPageBytes',
    'maxWaitMs',
    'maxResultBytes',
  ] as const) {
    const value = settings[option];
    if (!(value > 0)) throw new TypeError(`option ${option} is ${value}: it must be greater than 0`);
    // JavaScript callers may pass other types: a string would be concatenated in additions, a bigint would throw.
    if (typeof value !== 'number')
      throw new TypeError(`option ${option} is a value of type ${typeof value}: give a number`);
  }
  for (const option of COUNTS) {
    const value = settings[option];
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new TypeError(`option ${option} is ${value}: give a whole number, 1 or more, or leave it out`);
  }
}
