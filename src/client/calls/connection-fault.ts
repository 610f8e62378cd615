import { connect } from 'node:tls';
import { CallCredentials, type Client, connectivityState, InterceptingCall } from '@grpc/grpc-js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { parseAddress } from '../../core/address.js';
import { onAbort } from '../../core/signals.js';
import { Code, ERROR_DOMAIN, kitError, quoted, readableDetail, StatusError } from '../../core/status.js';

/** Channel and its connection settings. */
export interface Channel {
  readonly client: Client;
  /** Target in the syntax of grpc-js. */
  readonly target: string;
  readonly plainText: boolean;
  /** Creates a client that shares no connection with others; undefined for a channel of the application. */
  readonly another: (() => Client) | undefined;
  /** Aborts when the channel is closed. */
  readonly closed: AbortSignal;
}

const FAULT_REASONS = { NOT_CONNECTED: 'NOT_CONNECTED', STILL_CONNECTING: 'STILL_CONNECTING' } as const;

/**
 * Returns the reason why the client could not connect; undefined if the call failed for another reason. The code of
 * such an error is UNAVAILABLE, or DEADLINE_EXCEEDED if `timeoutMs` passed first.
 */
export function connectionFault(error: unknown):
  | {
      /** Target in the syntax of grpc-js. */
      readonly target: string;
      /** Message of the system, of TLS or of grpc-js: `connect ECONNREFUSED 127.0.0.1:50051`. */
      readonly reason: string;
      /** True if the deadline of the call passed while the client was still connecting. */
      readonly connecting: boolean;
    }
  | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const info = readableDetail(error, ErrorInfo);
  if (info?.domain !== ERROR_DOMAIN || !(info.reason in FAULT_REASONS)) return undefined;
  const { target = '', fault = '' } = info.metadata;
  return { target, reason: fault, connecting: info.reason === FAULT_REASONS.STILL_CONNECTING };
}

/** Time for a connecting channel to fail after the deadline of a call, in milliseconds. */
const PROBE_MS = 250;

/** Messages of grpc-js for calls that never had a connection. */
const NOT_CONNECTED = /^(?:No connection established|Name resolution failed|Channel credentials failed)/;
const DEADLINE_PASSED = /^Deadline exceeded/;

/**
 * Finds the reason why a channel cannot connect. grpc-js reports it only to calls that fail because of it. A call whose
 * deadline passes first reports "Waiting for LB pick".
 */
export class ConnectionFaults {
  readonly #channel: Channel;
  #tls: Promise<boolean> | undefined;
  /** Pending probe of another connection, shared by all calls that fail meanwhile. */
  #another: Promise<string> | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Returns true if a call failed before a connection existed, so that {@link ConnectionFaults.explain} applies. */
  concerns({ code, message, details }: StatusError): boolean {
    // Errors with details come from the server, like all errors while it is connected.
    if (details.length > 0 || this.#isSettled()) return false;
    if (code === Code.UNAVAILABLE) return NOT_CONNECTED.test(message);
    return code === Code.DEADLINE_EXCEEDED && DEADLINE_PASSED.test(message);
  }

  /** Adds the reason why there is no connection. Returns the error unchanged if there is one by now. */
  async explain(error: StatusError): Promise<StatusError> {
    const { client } = this.#channel;
    const failure = error.code === Code.UNAVAILABLE ? error : await this.#probe(client);
    if (failure.code === Code.UNAVAILABLE) {
      const fault = faultOf(failure.message) || (await this.#faultOfAnother());
      const tls = await this.#answersTls(fault);
      return this.#notConnected(error, FAULT_REASONS.NOT_CONNECTED, tls ? 'server speaks TLS' : fault);
    }
    if (failure.code !== Code.DEADLINE_EXCEEDED) return error;
    const fault = /waiting for name resolution/.test(failure.message)
      ? 'host name was not resolved in time'
      : 'nothing answered in time';
    return this.#notConnected(error, FAULT_REASONS.STILL_CONNECTING, fault);
  }

  #notConnected(error: StatusError, reason: string, fault: string): StatusError {
    const { target } = this.#channel;
    const message = `no connection to ${quoted(target)}: ${fault}: ${connectionAdvice(fault, target)}`;
    return kitError(error.code, reason, message, { metadata: { target, fault }, cause: error });
  }

  /** Returns true if the channel is connected or closed. */
  #isSettled(): boolean {
    const state = this.#channel.client.getChannel().getConnectivityState(false);
    return state === connectivityState.READY || state === connectivityState.SHUTDOWN;
  }

  /**
   * Returns the error of a call that is never sent. It fails at once, with the reason, if the channel cannot connect.
   * If the channel connects meanwhile, the credentials of the call end it.
   */
  #probe(client: Client): Promise<StatusError> {
    const { closed } = this.#channel;
    const unsent = CallCredentials.createFromMetadataGenerator((_, callback) =>
      callback(new Error('not sent')),
    );
    return new Promise((resolve) => {
      const call = client.makeUnaryRequest<Buffer, Buffer>(
        '/longrunning.Probe/NotSent',
        (bytes) => bytes,
        (bytes) => bytes,
        Buffer.alloc(0),
        {
          deadline: Date.now() + PROBE_MS,
          credentials: unsent,
          // Replaces the interceptors of the application.
          interceptors: [(options, next) => new InterceptingCall(next(options))],
        },
        (error) => {
          stopListening();
          resolve(StatusError.from(error));
        },
      );
      const stopListening = onAbort(closed, () => call.cancel());
    });
  }

  /**
   * Returns the reason why another connection fails. Channels to one address share connections, and grpc-js does not
   * report the reason to a channel that shares one that has failed before.
   */
  #faultOfAnother(): Promise<string> {
    this.#another ??= this.#probeAnother().finally(() => {
      this.#another = undefined;
    });
    return this.#another;
  }

  async #probeAnother(): Promise<string> {
    const another = this.#channel.another?.();
    if (!another) return 'it failed before';
    try {
      return faultOf((await this.#probe(another)).message);
    } finally {
      another.close();
    }
  }

  /** Returns true if a server that closed a plain-text connection speaks TLS. It is probed once. */
  async #answersTls(fault: string): Promise<boolean> {
    const { target, plainText, closed } = this.#channel;
    if (!plainText || !/Failed to connect|Protocol error|Socket closed|ECONNRESET|hang up/i.test(fault)) {
      return false;
    }
    this.#tls ??= speaksTls(target, PROBE_MS, closed);
    return this.#tls;
  }
}

/** Extracts the message of Node or OpenSSL from that of grpc-js. */
function faultOf(message: string): string {
  return message
    .replace(/^No connection established\. Last error: (?:Error: |null\b)?/, '')
    .replace(/\s*\.? Resolution note:\s*/, ' ')
    .replace(/\s*\(\d{4}-\d\d-\d\dT[\d:.]+Z\)/, '')
    .replace(
      /[0-9A-F]+:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):\S*:\d+:\s*(?:SSL alert number \d+)?/,
      '$1',
    )
    .trim();
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|packet length too long/,
    'it speaks no TLS: leave out "https://" and tls, or give ChannelCredentials.createInsecure()',
  ],
  [/speaks TLS/, 'write "https://" before the address, or give tls'],
  [/certificate required|handshake failure/, 'it asks for a client certificate: give tls.cert and tls.key'],
  [/altnames/, 'connect by a name that its certificate has'],
  [/certificate (?:has expired|is not yet valid)/, 'renew the certificate of the server, or check the clock'],
  [/certificate/, 'give the authority that signed its certificate as tls.ca'],
  [/resolution failed|ENOTFOUND|EAI_AGAIN|not resolved/, 'check the host name'],
  [/ENOENT|EACCES/, 'check the path of the socket'],
  [/ECONNREFUSED/, 'check that a server listens there'],
  [/Failed to connect|Protocol error|hang up/, 'check that it is a gRPC server'],
];

const PORT = /:\d+$/;

/** Returns advice on a failure to connect, by messages of grpc-js, Node and OpenSSL. */
export function connectionAdvice(fault: string, target: string): string {
  const plain = withoutScheme(target);
  if (!PORT.test(plain) && !plain.startsWith('unix')) {
    return `it has no port, so 443 was tried: write "${plain}:PORT"`;
  }
  if (plain !== target && /wrong version number/.test(fault) && parseAddress(plain).loopback) {
    return `it speaks no TLS: write "${plain}", which is reached in plain text`;
  }
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(fault)) ?? [];
  return advice ?? 'check the address, and that a server listens there';
}

/** Removes `dns:` from a target of grpc-js. */
export function withoutScheme(target: string): string {
  return target.replace(/^dns:(?:\/\/[^/]*\/)?/i, '');
}

const HOST_AND_PORT = /^\[?(?<host>[^\]]+?)\]?:(?<port>\d+)$/;

/** Resolves to true if a TLS handshake succeeds at a target of grpc-js, with any certificate. Sends nothing else. */
function speaksTls(target: string, timeoutMs: number, closed: AbortSignal): Promise<boolean> {
  const place = placeOf(target);
  if (!place) return Promise.resolve(false);
  return new Promise((resolve) => {
    // The certificate does not matter, because the connection is closed at once.
    const socket = connect({ ...place, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const end = (answer: boolean) => {
      clearTimeout(timer);
      stopListening();
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    const stopListening = onAbort(closed, () => end(false));
    socket.once('secureConnect', () => end(true));
    // A TLS alert, such as a request for a client certificate, shows that the server speaks TLS.
    socket.on('error', ({ message }) => end(/alert/.test(message)));
    socket.once('close', () => end(false));
  });
}

function placeOf(target: string): { readonly path: string } | { host: string; port: number } | undefined {
  const path = /^unix:(?:\/\/)?(?<path>.+)$/.exec(target)?.groups?.path;
  if (path !== undefined) return { path };
  const { host, port } = HOST_AND_PORT.exec(withoutScheme(target))?.groups ?? {};
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}
