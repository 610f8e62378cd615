import { ChannelCredentials } from '@grpc/grpc-js';
import { type Address, parseAddress } from '../../core/address.js';
import { ignoreRejection } from '../../core/contain.js';
import { assertOwnCredentials } from '../../core/own-credentials.js';
import { abortable } from '../../core/signals.js';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';
import { type ClientTls, tlsCredentials } from './client-tls.js';
import { withoutScheme } from './connection-fault.js';
import { isTransientFailure } from './transient-failure.js';

/** Bearer token, or a function that returns a valid one. It is called before every call and should cache the token. */
export type TokenSource = string | (() => Promise<string>);

/** Options that secure a connection and identify the caller. */
export interface CredentialOptions {
  readonly credentials?: ChannelCredentials | undefined;
  readonly tls?: ClientTls | undefined;
  readonly token?: TokenSource | undefined;
}

/**
 * Returns credentials for the connection to `address`.
 *
 * @throws TypeError if the options contradict each other, the credentials belong to another copy of grpc-js, or the
 * token is malformed or would be sent in plain text.
 */
export function channelCredentials(
  address: Address,
  { credentials, tls, token }: CredentialOptions,
): ChannelCredentials {
  if (credentials && tls) {
    throw new TypeError('both credentials and tls are given: give one of them');
  }
  if (credentials !== undefined) assertOwnCredentials(credentials);
  if (token !== undefined && typeof token !== 'function') assertBearerToken(token, 'token');
  const chosen =
    credentials ?? (tls || address.tls ? tlsCredentials(tls) : ChannelCredentials.createInsecure());
  if (token !== undefined && !address.loopback && !chosen._isSecure()) {
    const plain = withoutScheme(address.target);
    const advice = parseAddress(plain).loopback ? `write "${plain}"` : 'leave out credentials, or use TLS';
    throw new TypeError(`a token would go to ${quoted(address.target)} in plain text: ${advice}`);
  }
  return chosen;
}

/**
 * Returns the headers that identify the caller.
 *
 * @throws StatusError with the cause if no token is available: UNAVAILABLE if that is likely to pass, else
 * UNAUTHENTICATED; a StatusError of the source unchanged; `signal.reason` on abort.
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
    // An unset environment variable would send "Bearer undefined".
    assertBearerToken(token, 'the token of the function');
    return token;
  } catch (cause) {
    throw tokenError(cause);
  }
}

/**
 * Normalizes a failure to get a token: UNAVAILABLE, which waits retry, if it is likely to pass; else UNAUTHENTICATED.
 * A StatusError is unchanged.
 */
function tokenError(cause: unknown): StatusError {
  ignoreRejection(cause);
  if (cause instanceof StatusError) return cause;
  const transient = isTransientFailure(cause);
  const advice = transient ? 'try again' : 'see the cause';
  const message = `no token is available (${String(cause)}): ${advice}`;
  const code = transient ? Code.UNAVAILABLE : Code.UNAUTHENTICATED;
  return kitError(code, 'TOKEN_UNAVAILABLE', message, { cause });
}

/**
 * Checks that a value is a bearer token that a header can carry. Error messages never quote it.
 *
 * @param source - name of the token's source in the error message.
 * @throws TypeError for any other value.
 */
export function assertBearerToken(token: unknown, source: string): asserts token is string {
  if (typeof token !== 'string' || token === '') {
    throw new TypeError(
      `${source} must be a non-empty string: give one, or a function that returns one, or omit it`,
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
