import { ChannelCredentials } from '@grpc/grpc-js';
import { type Address, parseAddress } from '../../core/address.js';
import { ignoreRejection } from '../../core/contain.js';
import { assertOwnCredentials } from '../../core/own-credentials.js';
import { abortable } from '../../core/signals.js';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';
import { withoutScheme } from './connection-fault.js';
import { isTransientFailure } from './transient-failure.js';

/** Certificates and keys, in PEM. */
export interface TlsOptions {
  /** Trusted authorities. @defaultValue the authorities that Node trusts */
  readonly ca?: string | Buffer;
  /** The client's own certificate, with its chain; together with `key`. @defaultValue none */
  readonly cert?: string | Buffer;
  /** The private key of `cert`. */
  readonly key?: string | Buffer;
}

/** A bearer token, or what gives one that is still good: asked before every call, so let it keep one while it lasts. */
export type TokenSource = string | (() => Promise<string>);

/** Options that secure a connection and identify the caller. */
export interface CredentialOptions {
  readonly credentials?: ChannelCredentials | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly token?: TokenSource | undefined;
}

/**
 * Credentials for the connection to `address`.
 *
 * @throws TypeError when the options contradict each other, when the credentials belong to another copy of grpc-js,
 * when the token cannot be sent, or when others could read it.
 */
export function channelCredentials(
  address: Address,
  { credentials, tls, token }: CredentialOptions,
): ChannelCredentials {
  if (credentials && tls) {
    throw new TypeError('both credentials and tls are given: give one of them, they say the same thing');
  }
  if (tls && (tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError('tls has only one of cert and key: give both, or neither');
  }
  if (credentials !== undefined) assertOwnCredentials(credentials);
  if (token !== undefined && typeof token !== 'function') assertBearerToken(token, 'token');
  const chosen = credentials ?? (tls || address.tls ? secure(tls) : ChannelCredentials.createInsecure());
  if (token !== undefined && !address.loopback && !chosen._isSecure()) {
    const plain = withoutScheme(address.target);
    const advice = parseAddress(plain).loopback ? `write "${plain}"` : 'leave out credentials, or use TLS';
    throw new TypeError(`a token would go to ${quoted(address.target)} in plain text: ${advice}`);
  }
  return chosen;
}

function secure({ ca, cert, key }: TlsOptions = {}): ChannelCredentials {
  return ChannelCredentials.createSsl(bytes(ca), bytes(key), bytes(cert));
}

function bytes(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

/**
 * The headers that say as whom a call is made.
 *
 * @throws StatusError with the cause when no token is to be had: UNAVAILABLE if that is likely to pass, else
 * UNAUTHENTICATED; one that the source throws itself; `signal.reason` on abort.
 */
export async function authorization(
  token: TokenSource,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const bearer = typeof token === 'string' ? token : await abortable(fetchToken(token), signal);
  return { authorization: `Bearer ${bearer}` };
}

async function fetchToken(source: () => Promise<string>): Promise<string> {
  try {
    const token: unknown = await source();
    // Such as an environment variable that is not set: the server would be sent "Bearer undefined".
    assertBearerToken(token, 'the token of the function');
    return token;
  } catch (cause) {
    throw tokenError(cause);
  }
}

/**
 * Normalizes the failure to get a token: UNAVAILABLE if it is likely to pass, so that waits ask again; else
 * UNAUTHENTICATED. A StatusError stays as it is.
 */
export function tokenError(cause: unknown): StatusError {
  ignoreRejection(cause);
  if (cause instanceof StatusError) return cause;
  const transient = isTransientFailure(cause);
  const advice = transient ? 'ask again' : 'see the cause';
  const message = `no token is to be had (${String(cause)}): ${advice}`;
  const code = transient ? Code.UNAVAILABLE : Code.UNAUTHENTICATED;
  return kitError(code, 'TOKEN_UNAVAILABLE', message, { cause });
}

/**
 * Checks that a value is a bearer token which a header can carry. No message quotes it.
 *
 * @param source - what gives the token, as the error calls it.
 * @throws TypeError that says what is wrong with it, and what to do.
 */
export function assertBearerToken(token: unknown, source: string): asserts token is string {
  if (typeof token !== 'string' || token === '') {
    throw new TypeError(
      `${source} is empty, or no string: give one, a function that gives one, or leave it out`,
    );
  }
  if (token !== token.trim()) {
    const what = /[\r\n]$/.test(token) ? 'ends with a line break' : 'begins or ends with white space';
    throw new TypeError(`${source} ${what}: remove it, as by trim()`);
  }
  const index = token.search(/[^\x20-\x7e]/);
  if (index < 0) return;
  const code = token.charCodeAt(index).toString(16).padStart(4, '0');
  const position = `U+${code.toUpperCase()} as character ${index + 1} of ${token.length}`;
  throw new TypeError(
    `${source} has a character that a header cannot carry (${position}): give a bare token`,
  );
}
