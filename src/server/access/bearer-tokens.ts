import { parseAddress } from '../../core/address.js';
import { type Clock, systemClock } from '../../core/clock.js';
import { type Logger, serverLogger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import { quoted } from '../../core/status.js';
import { bearerToken } from './access-error.js';
import type { AuthorizeStep } from './call-facts.js';
import { callerOf, type KeySource, TokenVerifier } from './token-verifier.js';

/** Options of {@link bearerTokens}: the source of keys, and the requirements on tokens. */
export type BearerOptions = {
  /** Accepted issuers: the claim `iss`. */
  readonly issuer: string | readonly string[];
  /** Accepted audiences: the claim `aud`. A token needs one of them. */
  readonly audience: string | readonly string[];
  /** Accepted signature algorithms. @defaultValue every JOSE algorithm with a public key */
  readonly algorithms?: readonly string[] | undefined;
  /** Tolerated difference to the clock of the issuer, in milliseconds. @defaultValue 30,000 */
  readonly clockToleranceMs?: number | undefined;
  /** Minimum time between two lookups of an unknown key, in milliseconds. @defaultValue 30,000 */
  readonly keysCooldownMs?: number | undefined;
  /** Handling of calls without a token; `allow` leaves them to the following steps. @defaultValue 'refuse' */
  readonly anonymous?: 'refuse' | 'allow' | undefined;
  /** Further names of the caller in policies, such as `group:auditors`. @defaultValue none */
  readonly members?:
    | ((claims: {
        readonly iss: string;
        readonly sub: string;
        readonly [claim: string]: unknown;
      }) => readonly string[])
    | undefined;
  /** Receives failures to fetch keys. @defaultValue standard error */
  readonly logger?: Logger | undefined;
  /** Clock that token expiry is checked against. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
} & (
  | {
      /**
       * URL of a key set. It is fetched when a token arrives, again after 10 minutes, and for an unknown key. It must be
       * `https` unless its host is this machine.
       */
      readonly jwksUri: string;
      readonly keys?: undefined;
    }
  | {
      /**
       * Fixed public keys (RFC 7517, RFC 7518). Declared here because `jose`, which has this type too, is optional.
       */
      readonly keys: readonly {
        /** `EC`, `RSA` or `OKP`. */
        readonly kty?: string | undefined;
        /** Key id, which token headers refer to. */
        readonly kid?: string | undefined;
        /** Signature algorithm, such as `ES256`. */
        readonly alg?: string | undefined;
        /** Intended use: `sig`. */
        readonly use?: string | undefined;
        /** Curve of `EC` and `OKP` keys. */
        readonly crv?: string | undefined;
        /** Coordinate x of `EC` keys; public key of `OKP` keys. */
        readonly x?: string | undefined;
        /** Coordinate y of `EC` keys. */
        readonly y?: string | undefined;
        /** Modulus of `RSA` keys. */
        readonly n?: string | undefined;
        /** Exponent of `RSA` keys. */
        readonly e?: string | undefined;
      }[];
      readonly jwksUri?: undefined;
    }
);

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
} satisfies Partial<BearerOptions>;

/**
 * Identifies callers by bearer tokens: signed JSON Web Tokens (RFC 6750, RFC 7519). A call with no token or an invalid one fails
 * with UNAUTHENTICATED. If keys cannot be fetched, it fails with UNAVAILABLE, because the token could not be verified.
 *
 * The principal is `principal://{issuer}/subject/{subject}`. Other names of the caller are `user:` or `serviceAccount:` with a
 * verified `email`, and `group:` with each of `groups`. Its scopes are those of `scope` or `scp`.
 *
 * Needs the peer dependency `jose`, which it loads at first use. If `jose` is not installed or a key is malformed,
 * `operations.ready()` rejects, and calls fail with INTERNAL.
 *
 * @throws TypeError if an option is invalid.
 *
 * @example
 * ```ts
 * const authenticate = bearerTokens({
 *   jwksUri: 'https://accounts.example.com/.well-known/jwks.json',
 *   issuer: 'https://accounts.example.com',
 *   audience: 'https://reports.example.com',
 * });
 * const operations = createOperations({ methods, authorize: [authenticate, iamPolicy(policy)] });
 * ```
 */
export function bearerTokens(options: BearerOptions): AuthorizeStep {
  checkOptions(withDefaults(DEFAULTS, options));
  checkKeySource(options);
  const settings = { ...withDefaults(DEFAULTS, options), logger: serverLogger(options.logger) };
  const { anonymous, members } = settings;
  let loading: Promise<TokenVerifier> | undefined;
  const verifier = () => {
    loading ??= TokenVerifier.make(options, settings);
    return loading;
  };
  const authenticate: AuthorizeStep = async ({ headers }) => {
    const token = bearerToken(headers, anonymous);
    if (token === undefined) return undefined;
    const loaded = await verifier().catch((cause) => {
      // Callers must not learn which package is missing.
      throw new Error('tokens cannot be verified: see the cause', { cause });
    });
    const claims = await loaded.verify(token);
    const caller = callerOf(claims);
    return { caller: { ...caller, members: [...caller.members, ...members(claims)] } };
  };
  const ready = async () => void (await verifier());
  return Object.assign(authenticate, { beforeMessage: 'decides' as const, ready });
}

type Accepted = Readonly<Record<'issuer' | 'audience' | 'algorithms', string | readonly string[]>>;

function checkOptions({ issuer, audience, algorithms }: Accepted): void {
  for (const [option, value] of Object.entries({ issuer, audience, algorithms })) {
    const accepted = typeof value === 'string' ? [value] : (value ?? []);
    // `jose` does not check claims for which no value is given.
    if (accepted.length === 0 || accepted.includes(''))
      throw new TypeError(`option ${option} is missing: name at least one accepted value`);
  }
  const secret = [algorithms].flat().find((algorithm) => /^(?:none|HS\d+)$/i.test(algorithm));
  if (secret !== undefined)
    throw new TypeError(`option algorithms has ${quoted(secret)}, which does not use public keys: remove it`);
}

function checkKeySource({ jwksUri, keys }: KeySource): void {
  if ((jwksUri === undefined) === (keys === undefined))
    throw new TypeError('bearerTokens needs exactly one source of keys: give either jwksUri or keys');
  if (jwksUri !== undefined) checkUri(jwksUri);
}

/** Rejects unencrypted connections: whoever can replace keys in transit can forge tokens. */
function checkUri(uri: string): void {
  const { protocol, host } = URL.parse(uri) ?? {};
  if (protocol === 'https:') return;
  if (protocol === 'http:' && host !== undefined && parseAddress(host).loopback) return;
  throw new TypeError(
    `option jwksUri is ${quoted(uri)}: it must begin with https:// unless its host is this machine`,
  );
}
