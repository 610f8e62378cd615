import type { ChannelOptions } from '@grpc/grpc-js';
import { OperationsService } from '../../../generated/google/longrunning/operations.js';

const { getOperation, listOperations, cancelOperation, deleteOperation } = OperationsService;

/** WaitOperation is not among them: whoever waits asks again anyway, and knows for how long. */
const RETRIED = [getOperation, listOperations, cancelOperation, deleteOperation];

const SERVICE_CONFIG = {
  loadBalancingConfig: [],
  methodConfig: [
    {
      name: RETRIED.map(({ path }) => {
        const [, service, method] = path.split('/');
        return { service, method };
      }),
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.5s',
        backoffMultiplier: 2,
        maxBackoff: '10s',
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

/** Options of every channel of a client. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
  // A service config from DNS would replace this one.
  'grpc.service_config_disable_resolution': 1,
  // A response may hold any amount of data, as with Google's own clients. grpc-js allows 4 MiB by default.
  'grpc.max_receive_message_length': -1,
  // Connecting again backs off too, by itself up to two minutes: longer than anybody would wait to ask again.
  'grpc.max_reconnect_backoff_ms': 10_000,
  // A connection that died without a word is noticed within 40 s, while calls are on it. More often, and servers
  // that allow a ping every five minutes (the default of gRPC in Go, Java and C++) would count three between two
  // answers of a long-poll, and hang up.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/** Further options of the channels for waits: each is a separate connection. */
export const WAIT_CHANNEL_OPTIONS: ChannelOptions = {
  // Otherwise grpc-js would let all channels with the same options share one connection.
  'grpc.use_local_subchannel_pool': 1,
};
