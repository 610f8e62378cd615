import { parseAddress } from '../../core/address.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { type Logger, serverLogger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import { quoted } from '../../core/status.js';
import { type Anonymous, bearerToken } from './access-error.js';
import type { Authorize } from './call-facts.js';
import { type Claims, callerOf, type KeySource, TokenVerifier } from './token-verifier.js';

/** What {@link bearerAuthentication} takes, besides where keys come from. */
export interface BearerSettings {
  /** Whose tokens are taken: the claim `iss`, or several. */
  readonly issuer: string | readonly string[];
  /** Whom tokens have to be for: the claim `aud`, or several of which one is enough. */
  readonly audience: string | readonly string[];
  /** What tokens may be signed by. @defaultValue every algorithm of JOSE with a public key */
  readonly algorithms?: readonly string[] | undefined;
  /** How far the clock of the issuer may be off, in milliseconds. @defaultValue 30,000 */
  readonly clockToleranceMs?: number | undefined;
  /** For how long a key that is not known is not looked for again, in milliseconds. @defaultValue 30,000 */
  readonly keysCooldownMs?: number | undefined;
  /** What becomes of calls without a token: `allow` leaves them to the steps that follow. @defaultValue 'refuse' */
  readonly anonymous?: Anonymous | undefined;
  /** What else policies may call the caller, such as `group:auditors`. @defaultValue nothing */
  readonly members?: ((claims: Claims) => readonly string[]) | undefined;
  /** Is told when keys cannot be fetched. @defaultValue standard error */
  readonly logger?: Logger | undefined;
  /** What says whether a token has expired. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
}

/**
 * Where keys come from, and what tokens have to be. `jwksUri` is fetched when a token comes, again after 10 minutes, and
 * for a key that is not known; it is `https`, but on this machine. `keys` are public keys that stay as they are.
 */
export type BearerOptions = KeySource & BearerSettings;

const DEFAULTS = {
  algorithms: [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ],
  clockToleranceMs: 30_000,
  keysCooldownMs: 30_000,
  anonymous: 'refuse',
  members: () => [],
  clock: systemClock,
} satisfies Partial<BearerSettings>;

/**
 * Tells who calls by a bearer token, a JSON Web Token that is signed (RFC 6750, RFC 7519). A call without one, or with one
 * that is no good, is UNAUTHENTICATED; when keys cannot be fetched it is UNAVAILABLE, for nothing is known of the token then.
 *
 * The principal is `principal://{issuer}/subject/{subject}`; `user:` or `serviceAccount:` with a verified `email`, and `group:`
 * with each of `groups`, are names of the caller too. Its scopes are those of `scope` or `scp`.
 *
 * @returns when its package, `jose`, is there: a peer, to be installed with this one.
 * @throws StatusError FAILED_PRECONDITION when it is not; TypeError when an option cannot be what it is.
 *
 * @example
 * ```ts
 * const authenticate = await bearerAuthentication({
 *   jwksUri: 'https://accounts.example.com/.well-known/jwks.json',
 *   issuer: 'https://accounts.example.com',
 *   audience: 'https://reports.example.com',
 * });
 * const operations = createOperations({ methods, authorize: [authenticate, iamPolicy(policy)] });
 * ```
 */
export async function bearerAuthentication(options: BearerOptions): Promise<Authorize> {
  checkBearer(options);
  const settings = { ...withDefaults(DEFAULTS, options), logger: serverLogger(options.logger) };
  const verifier = await TokenVerifier.make(options, settings);
  const { anonymous, members } = settings;
  const authenticate: Authorize = async ({ headers }) => {
    const token = bearerToken(headers, anonymous);
    if (token === undefined) return undefined;
    const claims = await verifier.verify(token);
    const caller = callerOf(claims);
    return { caller: { ...caller, members: [...caller.members, ...members(claims)] } };
  };
  return Object.assign(authenticate, { beforeMessage: 'decides' as const });
}

/** @throws TypeError when an option cannot be what it is. */
export function checkBearer(options: BearerOptions): void {
  checkOptions(withDefaults(DEFAULTS, options));
  checkKeySource(options);
}

type Accepted = Readonly<Record<'issuer' | 'audience' | 'algorithms', string | readonly string[]>>;

function checkOptions({ issuer, audience, algorithms }: Accepted): void {
  for (const [option, value] of Object.entries({ issuer, audience, algorithms })) {
    const accepted = typeof value === 'string' ? [value] : (value ?? []);
    // What is left out is not looked at by `jose`.
    if (accepted.length === 0 || accepted.includes(''))
      throw new TypeError(`option ${option} is missing: bearerAuthentication has to know what to accept`);
  }
  const secret = [algorithms].flat().find((algorithm) => /^(?:none|HS\d+)$/i.test(algorithm));
  if (secret !== undefined)
    throw new TypeError(`option algorithms has ${quoted(secret)}, which has no public keys: leave it out`);
}

function checkKeySource({ jwksUri, keys }: KeySource): void {
  if ((jwksUri === undefined) === (keys === undefined))
    throw new TypeError('give bearerAuthentication either jwksUri or keys');
  if (jwksUri !== undefined) checkUri(jwksUri);
}

/** Whoever can change keys on the way can sign what he likes. */
function checkUri(uri: string): void {
  const { protocol, host } = URL.parse(uri) ?? {};
  if (protocol === 'https:') return;
  if (protocol === 'http:' && host !== undefined && parseAddress(host).loopback) return;
  throw new TypeError(`option jwksUri is ${quoted(uri)}: it must begin with https://, but on this machine`);
}
