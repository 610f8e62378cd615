import type { ServerOptions } from '@grpc/grpc-js';

const MINUTE_MS = 60_000;

/**
 * What a gRPC server takes of one connection, for its constructor: 1,000 calls at once, messages of 4 MiB, an hour
 * without a call; a connection whose client does not answer for 20 seconds after five minutes of silence is dead.
 * grpc-js alone has no limit but that of messages.
 *
 * @example
 * ```ts
 * const server = new Server({ ...grpcLimits(), 'grpc.max_concurrent_streams': 100 });
 * ```
 */
export function grpcLimits(): ServerOptions {
  return {
    'grpc.max_concurrent_streams': 1000,
    'grpc.max_receive_message_length': 4 * 1024 * 1024,
    'grpc.keepalive_time_ms': 5 * MINUTE_MS,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.max_connection_idle_ms': 60 * MINUTE_MS,
  };
}
