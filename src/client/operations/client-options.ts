import type { ChannelCredentials, ChannelOptions, Interceptor } from '@grpc/grpc-js';
import { parseAddress } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { assertOptions, assertPositive, type OptionNames } from '../../core/options.js';
import type { StatusError } from '../../core/status.js';
import type { ClientTls } from '../calls/client-tls.js';
import { TimedCredentials } from '../calls/connect-timeout.js';
import type { ConnectionOptions } from '../calls/connection.js';
import { CHANNEL_OPTIONS } from '../calls/connection.js';
import { channelCredentials } from '../calls/credentials.js';
import type { WaitLimits } from '../waiting/wait-connections.js';

/** Options of an `OperationsClient`. */
export interface OperationsClientOptions {
  /** Address of the server: `host:port`, `https://host[:port]`, `unix:/path`, or another target of grpc-js. */
  readonly address: string;
  /** Certificates. If given, even empty, the connection uses TLS, also to this machine. @defaultValue none */
  readonly tls?: ClientTls | undefined;
  /**
   * Bearer token for every call, or a function that returns one, called before every call. It is never sent in plain
   * text, except on this machine.
   *
   * @defaultValue none
   */
  readonly token?: string | (() => Promise<string>) | undefined;
  /**
   * Credentials of grpc-js, which secure the connection instead of `tls`. `ChannelCredentials.createInsecure()` disables
   * TLS.
   *
   * @defaultValue TLS; none to loopback (`localhost`, `127.0.0.0/8`, `[::1]`, `unix:`) without `https:`
   */
  readonly credentials?: ChannelCredentials | undefined;
  /** Metadata for every call, by lower-case name. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Interceptors of grpc-js, for every call. @defaultValue none */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /**
   * Additional options of grpc-js for every connection. They take precedence over those of the client, except that
   * loopback is never reached through a proxy.
   *
   * Keepalive: a connection with calls is pinged every 30 s (`grpc.keepalive_time_ms`: 30,000). It is abandoned if a
   * ping is not answered within 10 s (`grpc.keepalive_timeout_ms`: 10,000). A silently broken connection is therefore
   * noticed within 40 s, and waits continue on another. Use longer times for a server that answers pings with GOAWAY
   * "too_many_pings".
   *
   * @defaultValue keepalive as above, messages of any size (`grpc.max_receive_message_length`: -1), at most 10 s between
   * attempts to connect (`grpc.max_reconnect_backoff_ms`), and a service config that retries UNAVAILABLE
   * (`grpc.service_config`)
   */
  readonly channelOptions?: ChannelOptions | undefined;
  /**
   * Upper bound on connections for waits, in addition to the one for all other calls. Each carries 80 long polls at once,
   * or fewer if the server allows fewer. They are opened as needed and closed after 30 s without use. Further waits poll
   * by GetOperation, with backoff of up to 30 s.
   *
   * @defaultValue 32
   */
  readonly maxWaitConnections?: number | undefined;
  /**
   * Time after which a silent peer is abandoned, in milliseconds, and another connection is attempted. A silent peer
   * accepts a connection but sends nothing.
   *
   * @defaultValue 20,000
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Decides if a wait continues after an error that would end it: return true to retry. It is not called for errors that
   * are always retried: UNAVAILABLE, DEADLINE_EXCEEDED of a single request, and RESOURCE_EXHAUSTED with RetryInfo. A
   * handle can have its own predicate. If it throws or returns a promise, the wait ends with that error.
   *
   * @defaultValue never retries such errors
   */
  readonly retry?: ((error: StatusError) => boolean) | undefined;
  /** Clock of waits. Single calls use the clock of grpc-js. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
  /** Source of jitter: returns a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
}

const DEFAULT_MAX_WAIT_CONNECTIONS = 32;

const DEFAULT_CONNECT_TIMEOUT_MS = 20_000;

/**
 * Long polls per connection. HTTP/2 recommends a limit of at least 100 streams. The margin covers streams that the
 * server still counts after a cancellation.
 */
const STREAMS_PER_CONNECTION = 80;

/**
 * Disables proxies for loopback. With `http_proxy` in the environment, grpc-js would otherwise send plain text, including
 * tokens, from this machine to the proxy.
 */
const NO_PROXY: ChannelOptions = { 'grpc.enable_http_proxy': 0 };

const OPTIONS: OptionNames<OperationsClientOptions> = {
  address: true,
  tls: true,
  token: true,
  credentials: true,
  headers: true,
  interceptors: true,
  channelOptions: true,
  maxWaitConnections: true,
  connectTimeoutMs: true,
  retry: true,
  clock: true,
  random: true,
};

/**
 * Derives target, credentials and options of a connection.
 *
 * @throws TypeError if an option is unknown, the address is malformed, `connectTimeoutMs` is not positive, or credentials
 * contradict each other or would be sent in plain text.
 */
export function connectionOptions(options: OperationsClientOptions): ConnectionOptions {
  assertOptions('OperationsClient', options, OPTIONS);
  const address = parseAddress(options.address);
  const { channelOptions, interceptors = [], connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  assertPositive('connectTimeoutMs', connectTimeoutMs);
  return {
    target: address.target,
    credentials: new TimedCredentials(channelCredentials(address, options), connectTimeoutMs),
    channelOptions: { ...CHANNEL_OPTIONS, ...channelOptions, ...(address.loopback && NO_PROXY) },
    interceptors,
  };
}

/**
 * Derives the upper bounds on concurrent long polls.
 *
 * @throws TypeError unless `maxWaitConnections` is a positive whole number.
 */
export function waitLimits({
  maxWaitConnections: given = DEFAULT_MAX_WAIT_CONNECTIONS,
}: OperationsClientOptions): WaitLimits {
  if (Number.isInteger(given) && given > 0) {
    return { maxConnections: given, streamsPerConnection: STREAMS_PER_CONNECTION };
  }
  throw new TypeError(
    `maxWaitConnections must be a positive whole number, got ${given}: give 1 or more, or leave it out`,
  );
}
