import { ChannelCredentials } from '@grpc/grpc-js';
import { LONGEST_TIMER_MS } from '../../core/clock.js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type Socket = Parameters<SecureConnector['connect']>[0];

/** Size of an HTTP/2 frame header. The first frame of every server is SETTINGS. */
const FRAME_HEADER_BYTES = 9;

/**
 * Credentials that also abandon a silent peer. If it accepts a connection but sends no TLS handshake or no HTTP/2
 * within `connectTimeoutMs`, the connection is closed. grpc-js then connects again, to the next address if there is
 * one. By itself it would wait forever, and block every call of the channel.
 */
export class TimedCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  readonly #connectTimeoutMs: number;

  constructor(inner: ChannelCredentials, connectTimeoutMs: number) {
    super();
    this.#inner = inner;
    this.#connectTimeoutMs = Math.min(connectTimeoutMs, LONGEST_TIMER_MS);
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure();
  }

  /** Channels with equal credentials share connections. */
  override _equals(other: ChannelCredentials): boolean {
    if (!(other instanceof TimedCredentials)) return false;
    return other.#connectTimeoutMs === this.#connectTimeoutMs && this.#inner._equals(other.#inner);
  }

  override _createSecureConnector(
    ...args: Parameters<ChannelCredentials['_createSecureConnector']>
  ): SecureConnector {
    const connector = this.#inner._createSecureConnector(...args);
    return {
      connect: (socket) => this.#connect(connector, socket),
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  async #connect(connector: SecureConnector, socket: Socket): ReturnType<SecureConnector['connect']> {
    let read = () => 0;
    const timer = setTimeout(() => {
      if (read() >= FRAME_HEADER_BYTES) return;
      socket.destroy(
        new Error(`Peer stayed silent for ${this.#connectTimeoutMs} ms after accepting the connection`),
      );
    }, this.#connectTimeoutMs).unref();
    socket.once('close', () => clearTimeout(timer));
    const connected = await connector.connect(socket);
    read = () => connected.socket.bytesRead;
    return connected;
  }
}
