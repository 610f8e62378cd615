import type * as Jose from 'jose';
import type { Clock } from '../../clock.js';
import { importPackage } from '../../optional-package.js';
import { Code, kitError, type StatusError } from '../../status.js';
import type { Logger } from '../logger.js';
import type { Claims } from './claims.js';
import { badToken } from './denial.js';

/**
 * A JSON Web Key, public (RFC 7517, RFC 7518). Not the type of `jose`, which who has no use for it need not install.
 */
export interface PublicKey {
  /** `EC`, `RSA` or `OKP`. */
  readonly kty?: string;
  /** Which key it is, as the header of a token names it. */
  readonly kid?: string;
  /** What it signs by, such as `ES256`. */
  readonly alg?: string;
  /** What it is for: `sig`. */
  readonly use?: string;
  /** Which curve, of `EC` and `OKP`. */
  readonly crv?: string;
  /** The point on the curve, of `EC` and `OKP`. */
  readonly x?: string;
  /** The point on the curve, of `EC`. */
  readonly y?: string;
  /** The modulus, of `RSA`. */
  readonly n?: string;
  /** The exponent, of `RSA`. */
  readonly e?: string;
}

/** Where keys come from. */
export type KeySource =
  | { readonly jwksUri: string; readonly keys?: undefined }
  | { readonly keys: readonly PublicKey[]; readonly jwksUri?: undefined };

/** What tokens have to be. */
export interface VerifierOptions {
  readonly issuer: string | readonly string[];
  readonly audience: string | readonly string[];
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  readonly keysCooldownMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long the key server may take. */
const FETCH_MS = 5000;
const TRY_AGAIN_MS = 1000;

/** Verifies JSON Web Tokens (RFC 7519). */
export class TokenVerifier {
  readonly #jose: typeof Jose;
  readonly #keys: Keys;
  readonly #options: VerifierOptions;

  private constructor(jose: typeof Jose, source: KeySource, options: VerifierOptions) {
    this.#jose = jose;
    this.#options = options;
    this.#keys = new Keys(
      source.jwksUri === undefined
        ? jose.createLocalJWKSet({ keys: [...source.keys] as Jose.JWK[] })
        : jose.createRemoteJWKSet(new URL(source.jwksUri), {
            timeoutDuration: FETCH_MS,
            cooldownDuration: options.keysCooldownMs,
          }),
      options.logger,
    );
  }

  /**
   * @throws StatusError FAILED_PRECONDITION when `jose` is not installed; what `jose` throws for keys that are none.
   */
  static async make(source: KeySource, options: VerifierOptions): Promise<TokenVerifier> {
    const needed = { name: 'jose', neededBy: 'bearerAuthentication', install: 'jose' };
    return new TokenVerifier(await importPackage(needed, () => import('jose')), source, options);
  }

  /**
   * What a token says.
   *
   * @throws AccessError UNAUTHENTICATED when it is no good; StatusError UNAVAILABLE when keys cannot be fetched, which tells
   * nothing of the token.
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
    if (payload.sub === '') throw invalid('has an empty subject');
    return payload as Claims;
  }

  #fault(thrown: unknown): unknown {
    const { JOSEError, JWTExpired, JWTClaimValidationFailed } = this.#jose.errors;
    if (!(thrown instanceof JOSEError)) return thrown;
    if (thrown instanceof JWTExpired)
      return badToken('ACCESS_TOKEN_EXPIRED', 'token has expired: ask for a new one', thrown);
    if (thrown instanceof JWTClaimValidationFailed) return invalid(claimFault(thrown), thrown);
    return invalid(FAULTS[thrown.code] ?? 'is no JSON Web Token that can be read', thrown);
  }
}

/** What `jose` says of the keys for one token, and not of the keys as a whole. */
const NO_KEY = new Set([
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
  'ERR_JOSE_NOT_SUPPORTED',
]);

/** The keys that tokens are signed with, perhaps those of a server that is away. */
class Keys {
  readonly #find: Jose.JWTVerifyGetKey;
  readonly #logger: Logger;
  #away = false;

  constructor(find: Jose.JWTVerifyGetKey, logger: Logger) {
    this.#find = find;
    this.#logger = logger;
  }

  async get(...asked: Parameters<Jose.JWTVerifyGetKey>): Promise<Awaited<ReturnType<Jose.JWTVerifyGetKey>>> {
    try {
      const key = await this.#find(...asked);
      this.#away = false;
      return key;
    } catch (cause) {
      if (NO_KEY.has((cause as { readonly code?: string }).code ?? '')) throw cause;
      // Once, and not for every call that comes until they are there again.
      if (!this.#away) this.#logger.error({ err: cause }, 'keys to verify tokens cannot be fetched');
      this.#away = true;
      throw keysUnavailable(cause);
    }
  }
}

function keysUnavailable(cause: unknown): StatusError {
  const message = 'keys to verify the token with cannot be fetched: try again';
  return kitError(Code.UNAVAILABLE, 'KEYS_UNAVAILABLE', message, { retryAfterMs: TRY_AGAIN_MS, cause });
}

const FAULTS: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'is signed by an algorithm that is not accepted',
  ERR_JOSE_NOT_SUPPORTED: 'is signed by an algorithm that is not accepted',
  ERR_JWKS_NO_MATCHING_KEY: 'is signed with a key that is not known',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'does not say which key it is signed with',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'has a signature that does not fit',
};

/** What a claim fails by; the values are left out, for the caller knows them. */
function claimFault({ claim, reason }: { readonly claim: string; readonly reason: string }): string {
  if (reason === 'missing') return `has no claim "${claim}"`;
  if (claim === 'nbf') return 'is not good yet';
  return `has a claim "${claim}" that is not accepted`;
}

function invalid(fault: string, cause?: unknown): StatusError {
  return badToken('ACCESS_TOKEN_INVALID', `token ${fault}: ask for another one`, cause);
}
