import type { ChannelCredentials, ChannelOptions, Interceptor } from '@grpc/grpc-js';
import { parseAddress } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { invalidField } from '../../core/status.js';
import { TimedCredentials } from '../calls/connect-timeout.js';
import type { ConnectionOptions } from '../calls/connection.js';
import { CHANNEL_OPTIONS } from '../calls/connection.js';
import { channelCredentials, type TlsOptions, type TokenSource } from '../calls/credentials.js';
import type { RetryPredicate } from '../waiting/retry.js';
import type { WaitLimits } from '../waiting/wait-connections.js';

/** Options of an `OperationsClient`. */
export interface OperationsClientOptions {
  /** Address of the server: `host:port`, `https://host[:port]`, `unix:/path`, or another target of grpc-js. */
  readonly address: string;
  /** Certificates of one's own. Given, even empty, the connection is secured, also on this machine. @defaultValue none */
  readonly tls?: TlsOptions;
  /**
   * A bearer token for every call, or a function that gives one, asked before every call. It is never sent in
   * plain text, but on this machine.
   *
   * @defaultValue none
   */
  readonly token?: TokenSource;
  /**
   * Security of the connection and identity of the client, in terms of grpc-js, instead of `tls`.
   * `ChannelCredentials.createInsecure()` asks for no security at all.
   *
   * @defaultValue TLS; none to loopback (`localhost`, `127.0.0.0/8`, `[::1]`, `unix:`) without `https:`
   */
  readonly credentials?: ChannelCredentials;
  /** Metadata to send with every call; names are lower-case. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Interceptors of grpc-js, for every call. @defaultValue none */
  readonly interceptors?: readonly Interceptor[];
  /**
   * More options of grpc-js for every connection; they win over the client's own, but for the proxy: loopback is
   * never reached through one.
   *
   * Keepalive: while calls are on a connection, it is pinged every 30 s (`grpc.keepalive_time_ms`: 30,000), and
   * given up when that is not answered within 10 s (`grpc.keepalive_timeout_ms`: 10,000). So a connection that died
   * in silence is noticed within 40 s, and waits go on over another. Give longer ones for a server that answers pings
   * with GOAWAY "too_many_pings".
   *
   * @defaultValue those of keepalive, messages of any size (`grpc.max_receive_message_length`: -1), up to 10 s between
   * two attempts to connect (`grpc.max_reconnect_backoff_ms`), and a service config that retries UNAVAILABLE (`grpc.service_config`)
   */
  readonly channelOptions?: ChannelOptions;
  /**
   * Upper bound on connections for waits, beside the one for all other calls. Each carries 80 long polls at once, or
   * as many as the server is found to allow. They are opened as needed and closed after 30 s without use. Waits that
   * do not fit poll by GetOperation, with backoff up to 30 s.
   *
   * @defaultValue 32
   */
  readonly maxWaitConnections?: number;
  /**
   * Time after which a peer that accepts a connection and stays silent is abandoned, in milliseconds. Then another
   * connection is made.
   *
   * @defaultValue 20,000
   */
  readonly connectTimeoutMs?: number;
  /**
   * Decides if a wait goes on after an error that would end it; return true to ask again. It is not called for errors
   * that are retried anyway: UNAVAILABLE, DEADLINE_EXCEEDED of a single request, and RESOURCE_EXHAUSTED with
   * RetryInfo. A handle can have its own. If it throws or returns a promise, the wait ends with the error that it was
   * asked about.
   *
   * @defaultValue always false
   */
  readonly retry?: RetryPredicate;
  /** The time that waits go by, in milliseconds; single calls go by grpc-js's. @defaultValue the machine's */
  readonly clock?: Clock;
  /** Jitters the delays between questions: a number from 0 up to 1. @defaultValue Math.random */
  readonly random?: () => number;
}

const DEFAULT_MAX_WAIT_CONNECTIONS = 32;

const DEFAULT_CONNECT_TIMEOUT_MS = 20_000;

/**
 * HTTP/2 recommends no smaller limit than 100 streams. Some below it, because a server may still count a stream
 * that has just been given up.
 */
const STREAMS_PER_CONNECTION = 80;

/**
 * With `http_proxy` and its like in the environment, grpc-js would connect through the proxy even to this machine,
 * and plain text, tokens and all, would leave it.
 */
const NO_PROXY: ChannelOptions = { 'grpc.enable_http_proxy': 0 };

/**
 * The target, the credentials and the options of a connection.
 *
 * @throws TypeError when the address is malformed, or credentials contradict each other or would be seen by others;
 * StatusError INVALID_ARGUMENT unless `connectTimeoutMs` is positive.
 */
export function connectionOptions(options: OperationsClientOptions): ConnectionOptions {
  const address = parseAddress(options.address);
  const { channelOptions, interceptors = [], connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
  if (!(connectTimeoutMs > 0)) {
    const message = `connectTimeoutMs must be positive, got ${connectTimeoutMs}: give milliseconds, or leave it out`;
    throw invalidField('connectTimeoutMs', message);
  }
  return {
    target: address.target,
    credentials: new TimedCredentials(channelCredentials(address, options), connectTimeoutMs),
    channelOptions: { ...CHANNEL_OPTIONS, ...channelOptions, ...(address.loopback && NO_PROXY) },
    interceptors,
  };
}

/**
 * Upper bounds on long polls at once.
 *
 * @throws StatusError INVALID_ARGUMENT when `maxWaitConnections` is no positive whole number.
 */
export function waitLimits({
  maxWaitConnections: given = DEFAULT_MAX_WAIT_CONNECTIONS,
}: OperationsClientOptions): WaitLimits {
  if (Number.isInteger(given) && given > 0) {
    return { maxConnections: given, streamsPerConnection: STREAMS_PER_CONNECTION };
  }
  throw invalidField('maxWaitConnections', `maxWaitConnections is ${given}: give a whole number, 1 or more`);
}
