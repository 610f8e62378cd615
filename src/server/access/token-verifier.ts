import type * as Jose from 'jose';
import { Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { importError } from '../../core/optional-package.js';
import { Code, kitError, type StatusError } from '../../core/status.js';
import { badToken } from './access-error.js';
import type { Caller } from './call-facts.js';

/**
 * Public JSON Web Key (RFC 7517, RFC 7518). Declared here because `jose`, which has this type too, is optional.
 */
export interface PublicKey {
  /** `EC`, `RSA` or `OKP`. */
  readonly kty?: string;
  /** Key id, which token headers refer to. */
  readonly kid?: string;
  /** Signature algorithm, such as `ES256`. */
  readonly alg?: string;
  /** Intended use: `sig`. */
  readonly use?: string;
  /** Curve of `EC` and `OKP` keys. */
  readonly crv?: string;
  /** Coordinate x of `EC` keys; public key of `OKP` keys. */
  readonly x?: string;
  /** Coordinate y of `EC` keys. */
  readonly y?: string;
  /** Modulus of `RSA` keys. */
  readonly n?: string;
  /** Exponent of `RSA` keys. */
  readonly e?: string;
}

/** Source of keys: a URL of a key set, or fixed keys. */
export type KeySource =
  | { readonly jwksUri: string; readonly keys?: undefined }
  | { readonly keys: readonly PublicKey[]; readonly jwksUri?: undefined };

/** Requirements on tokens, and dependencies of the verifier. */
export interface VerifierOptions {
  readonly issuer: string | readonly string[];
  readonly audience: string | readonly string[];
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  readonly keysCooldownMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Time limit of one request to the key server. */
const FETCH_MS = 5000;
/** Pause after the first failed request to the key server; it doubles with each further failure. */
const BACKOFF = { initialMs: 1000, multiplier: 2 };

/** Verifies JSON Web Tokens (RFC 7519). */
export class TokenVerifier {
  readonly #jose: typeof Jose;
  readonly #keys: Keys;
  readonly #options: VerifierOptions;

  private constructor(jose: typeof Jose, source: KeySource, options: VerifierOptions) {
    this.#jose = jose;
    this.#options = options;
    this.#keys = new Keys(jose, source, options);
  }

  /**
   * @throws StatusError FAILED_PRECONDITION if `jose` is not installed; errors of `jose` for invalid keys.
   */
  static async make(source: KeySource, options: VerifierOptions): Promise<TokenVerifier> {
    let jose: typeof Jose;
    try {
      jose = await import('jose');
    } catch (error) {
      throw importError({ name: 'jose', neededBy: 'bearerTokens', install: 'jose' }, error);
    }
    if ('jwksUri' in source && source.jwksUri !== undefined && !('customFetch' in jose)) {
      const message =
        'jose is older than 6, and bearerTokens with jwksUri needs its customFetch: npm install jose@6';
      throw kitError(Code.FAILED_PRECONDITION, 'PACKAGE_TOO_OLD', message, { metadata: { package: 'jose' } });
    }
    return new TokenVerifier(jose, source, options);
  }

  /**
   * Verifies a token and returns its claims.
   *
   * @throws AccessError UNAUTHENTICATED if the token is invalid; StatusError UNAVAILABLE if keys cannot be fetched, so that it
   * could not be verified.
   */
  async verify(token: string): Promise<Claims> {
    const { issuer, audience, algorithms, clockToleranceMs, clock } = this.#options;
    const verified = this.#jose.jwtVerify(token, (header, jws) => this.#keys.get(header, jws), {
      issuer: [issuer].flat(),
      audience: [audience].flat(),
      algorithms: [...algorithms],
      clockTolerance: clockToleranceMs / 1000,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'sub'],
    });
    const { payload } = await verified.catch((thrown) => {
      throw this.#fault(thrown);
    });
    const { sub } = payload as { readonly sub?: unknown };
    // RFC 7519 defines it as a string. Principals, log fields and page tokens contain it.
    if (typeof sub !== 'string' || !sub.isWellFormed())
      throw invalid('has a claim "sub" that is not a string');
    if (sub === '') throw invalid('has an empty subject');
    return payload as Claims;
  }

  #fault(thrown: unknown): unknown {
    const { JOSEError, JWTExpired, JWTClaimValidationFailed } = this.#jose.errors;
    if (!(thrown instanceof JOSEError)) return thrown;
    if (thrown instanceof JWTExpired)
      return badToken('ACCESS_TOKEN_EXPIRED', 'token has expired: request a new one', thrown);
    if (thrown instanceof JWTClaimValidationFailed) return invalid(claimFault(thrown), thrown);
    return invalid(FAULTS[thrown.code] ?? 'is not a readable JSON Web Token', thrown);
  }
}

/** Errors that concern the key of one token, not the key set as a whole. */
const NO_KEY = new Set([
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
  'ERR_JOSE_NOT_SUPPORTED',
]);

/** The keys that tokens are verified with, either given or fetched from a key server. */
class Keys {
  readonly #find: Jose.JWTVerifyGetKey;
  readonly #options: VerifierOptions;
  /** Pauses after failed requests to the key server. */
  readonly #backoff: Backoff;
  /** True if the latest request to the key server failed. */
  #failing = false;
  /** Earliest time of the next request to the key server. */
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(jose: typeof Jose, { jwksUri, keys }: KeySource, options: VerifierOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...BACKOFF, maxMs: options.keysCooldownMs });
    this.#find =
      jwksUri === undefined
        ? jose.createLocalJWKSet({ keys: [...keys] as Jose.JWK[] })
        : jose.createRemoteJWKSet(new URL(jwksUri), {
            timeoutDuration: FETCH_MS,
            cooldownDuration: options.keysCooldownMs,
            [jose.customFetch]: (uri, init) => this.#fetch(jose, uri, init),
          });
  }

  async get(...asked: Parameters<Jose.JWTVerifyGetKey>): Promise<Awaited<ReturnType<Jose.JWTVerifyGetKey>>> {
    try {
      return await this.#find(...asked);
    } catch (cause) {
      if (NO_KEY.has((cause as { readonly code?: string }).code ?? '')) throw cause;
      throw this.#unavailable(cause);
    }
  }

  /**
   * Fetches the key set, at most once per pause while that fails: tokens with unknown keys are cheap to make. `jose`
   * itself pauses after successful requests only.
   */
  async #fetch(jose: typeof Jose, ...[uri, init]: Parameters<Jose.FetchImplementation>): Promise<Response> {
    const { clock, logger } = this.#options;
    if (clock.now() < this.#notBefore)
      throw new Error('the key server failed recently: the next request follows after a pause');
    try {
      const response = await fetch(uri, init);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`the key server answered with status ${response.status}`);
      jose.createLocalJWKSet(JSON.parse(text));
      this.#failing = false;
      this.#backoff.reset();
      return new Response(text);
    } catch (cause) {
      this.#notBefore = clock.now() + this.#backoff.next();
      // Once per outage: the other calls fail for the same reason.
      if (!this.#failing) logger.error({ err: cause }, 'keys to verify tokens cannot be fetched');
      this.#failing = true;
      throw cause;
    }
  }

  #unavailable(cause: unknown): StatusError {
    const message = 'keys to verify the token with cannot be fetched: try again';
    const retryAfterMs = Math.max(BACKOFF.initialMs, this.#notBefore - this.#options.clock.now());
    return kitError(Code.UNAVAILABLE, 'KEYS_UNAVAILABLE', message, { retryAfterMs, cause });
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'is signed by an algorithm that is not accepted',
  ERR_JOSE_NOT_SUPPORTED: 'is signed by an algorithm that is not accepted',
  ERR_JWKS_NO_MATCHING_KEY: 'is signed with an unknown key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'does not say which key it is signed with',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'has an invalid signature',
};

/** Describes the fault of a claim, without values, which the caller knows. */
function claimFault({ claim, reason }: { readonly claim: string; readonly reason: string }): string {
  if (reason === 'missing') return `has no claim "${claim}"`;
  if (claim === 'nbf') return 'is not valid yet';
  return `has a claim "${claim}" that is not accepted`;
}

function invalid(fault: string, cause?: unknown): StatusError {
  return badToken('ACCESS_TOKEN_INVALID', `token ${fault}: request another one`, cause);
}

/** Claims of a verified token (RFC 7519). */
export interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Returns the caller of a verified token. The principal is `principal://{issuer}/subject/{subject}`, with the issuer without its
 * scheme. Other names are `user:` or `serviceAccount:` with `email` if `email_verified` is true, and `group:` with each of
 * `groups`. Scopes are those of `scope` (RFC 8693) or `scp`.
 */
export function callerOf(claims: Claims): Caller & { readonly members: readonly string[] } {
  const principal = principalOf(claims);
  return { principal, members: [principal, ...emails(claims), ...groups(claims)], scopes: scopesOf(claims) };
}

function principalOf({ iss, sub }: Claims): string {
  const issuer = iss.replace(/^https?:\/\//, '').replace(/\/$/, '');
  // Separators are escaped, so that no two subjects have the same principal.
  return `principal://${issuer}/subject/${sub.replace(/[^\w.~!$&'()*+,;=:@|-]/gu, encodeURIComponent)}`;
}

function emails({ email, email_verified: verified }: Claims): string[] {
  if (typeof email !== 'string' || verified !== true) return [];
  return [`${email.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user'}:${email}`];
}

function groups({ groups: named }: Claims): string[] {
  return textsOf(named).map((group) => `group:${group}`);
}

function scopesOf({ scope, scp }: Claims): string[] {
  const given = scope ?? scp;
  return typeof given === 'string' ? given.split(' ').filter((one) => one !== '') : textsOf(given);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
