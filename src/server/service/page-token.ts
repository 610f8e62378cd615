import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { invalidField } from '../../core/status.js';
import type { OperationStore } from '../../stores/contract/operation-store.js';

/** The listing that a page token belongs to; it is valid for no other (AIP-158). */
export interface PageScope {
  readonly parent: string;
  readonly filter: string;
  /** Principal of the caller; undefined for anonymous callers. */
  readonly principal?: string | undefined;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * Writes and reads page tokens. They are opaque, URL-safe and bound to the parent, filter and caller they were made for:
 * a token that was forged, damaged or made for another listing is rejected. The page size may change between pages.
 * Tokens are encrypted because a cursor may reveal operations that the caller must not see.
 */
export class PageTokens {
  /** Created once: from raw bytes, Node creates a key per call, which takes longer than the encryption. */
  readonly #key: KeyObject;
  readonly #nonceKey: KeyObject;

  /** @param secret - must be the same in all servers that read each other's tokens. */
  constructor(secret: string | Uint8Array) {
    const derived = (purpose: string) =>
      createSecretKey(createHash('sha256').update(`${purpose}:`).update(secret).digest());
    this.#key = derived('page token');
    this.#nonceKey = derived('page token nonce');
  }

  /** Returns the token of the page that begins at `cursor`; empty if there is no further page. */
  write(cursor: string | undefined, scope: PageScope): string {
    if (cursor === undefined) return '';
    const bound = bytesOf(scope);
    // Derived from the content, so that equal pages have equal tokens and different ones never share a nonce.
    const hmac = createHmac('sha256', this.#nonceKey)
      .update(JSON.stringify([cursor]))
      .update(bound);
    const nonce = hmac.digest().subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(bound);
    const sealed = Buffer.concat([cipher.update(cursor, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /**
   * Returns the cursor in a token; undefined for an empty token, which stands for the first page.
   *
   * @throws StatusError INVALID_ARGUMENT if the token is damaged or was made for another listing.
   */
  read(token: string, scope: PageScope): string | undefined {
    if (token === '') return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // Base64 decoding is lenient: accept only the exact text that `write` produces.
    const asWritten = bytes.length > HEAD_BYTES && bytes.toString('base64url') === token;
    const cursor = asWritten ? this.#open(bytes, scope) : undefined;
    if (cursor !== undefined) return cursor;
    throw invalidField(
      'page_token',
      'page token is damaged or belongs to another parent, filter or caller: pass next_page_token of the previous ' +
        'page, with the same name and filter',
    );
  }

  #open(bytes: Buffer, scope: PageScope): string | undefined {
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(bytesOf(scope)).setAuthTag(bytes.subarray(NONCE_BYTES, HEAD_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES)), decipher.final()]).toString();
    } catch {
      return undefined;
    }
  }
}

/** Creates the page tokens of a server on first use, because the secret may have to be read from the store. */
export function pageTokensOf(
  store: Pick<OperationStore, 'secret'>,
  given: string | Uint8Array | undefined,
): () => Promise<PageTokens> {
  const create = async () => new PageTokens(given ?? (await store.secret?.()) ?? randomBytes(32));
  let tokens: Promise<PageTokens> | undefined;
  return async () => {
    tokens ??= create();
    try {
      return await tokens;
    } catch (error) {
      // The store may be available again for the next request.
      tokens = undefined;
      throw error;
    }
  };
}

function bytesOf({ parent, filter, principal }: PageScope): Buffer {
  return Buffer.from(JSON.stringify([parent, filter, principal ?? null]));
}
