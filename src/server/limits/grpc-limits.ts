import type { ServerInterceptor, ServerOptions } from '@grpc/grpc-js';
import { type Authenticate, markAuthenticating } from '../../core/authenticate.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { DEFAULT_MEMORY_LIMITS } from '../../core/held-memory.js';
import { withDefaults } from '../../core/options.js';
import { CallGuard } from './call-guard.js';
import { MAX_STREAMS, MAX_STREAMS_OF_STRANGER } from './guarded-connection.js';

const MINUTE_MS = 60_000;

const DEFAULTS = { arrivalMs: 30_000, ...DEFAULT_MEMORY_LIMITS, clock: systemClock };

/**
 * Options for a gRPC server that bound what it takes of one connection: 1,000 calls at once, messages of 4 MiB that arrive
 * within 30 seconds, 64 MiB for requests and answers under way, an hour without a call; a connection whose client does not
 * answer for 20 seconds after five minutes of silence is dead. grpc-js alone has no limit but that of messages.
 *
 * With `authenticate`, the bounds of a connection are lower until a caller on it is known: 100 calls at once, 100 refusals, and a
 * quarter of the memory of the process for all such connections. Beyond the first two it is closed gracefully, and clients may
 * repeat the calls that it refused. Beyond the last, the connection that holds most is closed at once.
 *
 * The limits of time and memory are kept by an interceptor: add yours to it, for an option replaces it.
 *
 * @throws TypeError when a limit is not positive.
 *
 * @example
 * ```ts
 * const limits = grpcLimits({ arrivalMs: 10_000 });
 * const server = new Server({ ...limits, interceptors: [...limits.interceptors, mine] });
 * ```
 */
export function grpcLimits({
  authenticate,
  ...options
}: {
  /**
   * Longest time for a request to arrive, in milliseconds; of a stream of requests, for each message. Then the call ends with
   * DEADLINE_EXCEEDED. An answer of which the client takes nothing for that long is reset. @defaultValue 30,000
   */
  readonly arrivalMs?: number | undefined;
  /**
   * Upper bound on memory for the requests of a connection that have not arrived, and its answers that have not been taken, in
   * bytes. Over it, the largest call of the connection ends with RESOURCE_EXHAUSTED. @defaultValue 64 MiB
   */
  readonly connectionBytes?: number | undefined;
  /**
   * Upper bound on the same memory for all connections of the process, REST among them. Over it, the largest call of the
   * connection that holds most ends with RESOURCE_EXHAUSTED. @defaultValue 256 MiB
   */
  readonly processBytes?: number | undefined;
  /**
   * Refuses calls by their headers, before their message is read: `operations.authenticate`. @defaultValue none; handlers refuse
   * calls once the message has been read
   */
  readonly authenticate?: Authenticate | undefined;
  /** Source of time for `arrivalMs`. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
} = {}): ServerOptions & { readonly interceptors: ServerInterceptor[] } {
  const { clock, ...limits } = withDefaults(DEFAULTS, options);
  for (const [option, value] of Object.entries(limits)) {
    if (!(value > 0)) throw new TypeError(`${option} must be greater than 0, got ${value}`);
  }
  const { interceptor } = new CallGuard(limits, clock, authenticate);
  if (authenticate) markAuthenticating(interceptor);
  return {
    'grpc.max_concurrent_streams': authenticate ? MAX_STREAMS_OF_STRANGER : MAX_STREAMS,
    'grpc.max_receive_message_length': 4 * 1024 * 1024,
    'grpc.keepalive_time_ms': 5 * MINUTE_MS,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.max_connection_idle_ms': 60 * MINUTE_MS,
    interceptors: [interceptor],
  };
}

/** Options of {@link grpcLimits}. */
export type GrpcLimitOptions = NonNullable<Parameters<typeof grpcLimits>[0]>;
