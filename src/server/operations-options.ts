import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import type { OperationStore } from '../stores/contract/operation-store.js';
import type { Authorization } from './access/call-facts.js';
import type { CallerLimitOptions } from './limits/caller-limits.js';
import type { ServiceLimits } from './service/operations-service.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { ImplementedMethod } from './work/implement.js';

/** What `createOperations` takes. */
export interface OperationsOptions extends Partial<ServiceLimits>, CallerLimitOptions {
  /** The long-running methods, made by `implement`. */
  readonly methods: readonly ImplementedMethod[];
  /** Where operations are kept; closed together with the server. @defaultValue `memoryStore()` */
  readonly store?: OperationStore | undefined;
  /** How many operations run at once; further ones queue. @defaultValue 100 */
  readonly concurrency?: number | undefined;
  /**
   * How many operations may be queued or running in the store, of all servers that share it. More are refused with
   * RESOURCE_EXHAUSTED. The store has to have `countUnfinished`. @defaultValue no limit
   */
  readonly maxUnfinished?: number | undefined;
  /**
   * Upper bound on the response, the error and the metadata of an operation, each in bytes as encoded. Anything larger could not
   * be read by clients, which receive 4 MiB by default.
   *
   * An operation whose response is larger ends with RESOURCE_EXHAUSTED, one whose error is larger with a shorter error of the same
   * code. A larger `accept` response fails the start. Larger metadata is rejected to the caller of `update` or `start`. A result
   * and metadata together may exceed the limit by at most 512 KiB.
   *
   * @defaultValue 3 MiB
   */
  readonly maxResultBytes?: number | undefined;
  /** How long an operation is kept after its end, in milliseconds. @defaultValue 30 days */
  readonly retentionMs?: number | undefined;
  /** Key of page tokens. @defaultValue the secret of the store, which all servers that share it have */
  readonly pageTokenSecret?: string | Uint8Array | undefined;
  /**
   * Makes the last segment of the name of a new operation. No two may be the same, in any server that shares the store.
   *
   * @defaultValue 32 random hexadecimal digits
   */
  readonly newId?: (() => string) | undefined;
  /**
   * Is asked before anything is read for a call over gRPC, be it of the five methods or one that starts an operation; REST
   * comes that way too. Calls in process (`service`, `start`) are the program's own, and not asked about.
   *
   * @defaultValue nobody is asked: everybody may do everything
   */
  readonly authorize?: Authorization | undefined;
  /**
   * Is told of calls, of work and of the store, to trace and to measure: `openTelemetry()` of
   * `longrunning/opentelemetry`. @defaultValue nobody is told
   */
  readonly telemetry?: Telemetry | undefined;
  /** Where errors go that no client is told. @defaultValue standard error */
  readonly logger?: Logger | undefined;
  /** @defaultValue the machine's */
  readonly clock?: Clock | undefined;
}

/** What `close` of a server takes. */
export interface CloseOptions {
  /** How long running work has to end, in milliseconds. @defaultValue 3000 */
  readonly graceMs?: number | undefined;
  /**
   * How long to go on serving while health says NOT_SERVING already, in milliseconds: until load balancers have seen
   * it. It comes before the grace. @defaultValue 0
   */
  readonly delayMs?: number | undefined;
}

/** Of the options that are numbers. */
export const DEFAULT_OPTIONS = {
  concurrency: 100,
  retentionMs: 30 * 24 * 60 * 60 * 1000,
  defaultPageSize: 50,
  maxPageSize: 1000,
  maxPageBytes: 3 * 1024 * 1024,
  maxResultBytes: 3 * 1024 * 1024,
  maxWaitMs: 60_000,
};

/** Of {@link CloseOptions}. */
export const DEFAULT_GRACE_MS = 3000;

/** The options that are limits. */
export interface CheckedLimits extends ServiceLimits, CallerLimitOptions {
  readonly concurrency: number;
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

/** @throws TypeError when one is none. */
export function checkLimits(settings: CheckedLimits): void {
  for (const option of [
    'concurrency',
    'retentionMs',
    'defaultPageSize',
    'maxPageSize',
    'maxPageBytes',
    'maxWaitMs',
    'maxResultBytes',
  ] as const) {
    const value = settings[option];
    if (!(value > 0)) throw new TypeError(`option ${option} is ${value}: it must be greater than 0`);
    // From JavaScript. Text would be concatenated where a number is added, and a bigint cannot be.
    if (typeof value !== 'number')
      throw new TypeError(`option ${option} is a value of type ${typeof value}: give a number`);
  }
  for (const option of COUNTS) {
    const value = settings[option];
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new TypeError(`option ${option} is ${value}: give a whole number, 1 or more, or leave it out`);
  }
}
