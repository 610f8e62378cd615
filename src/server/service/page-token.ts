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

/** What a page token is good for: the next page of this very listing (AIP-158). */
export interface PageScope {
  readonly parent: string;
  readonly filter: string;
  /** Whose listing it is; undefined: anybody's. */
  readonly principal?: string | undefined;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/**
 * Writes and reads page tokens: opaque, URL-safe, and bound to the parent, filter and caller they were made for, so that none
 * can be forged, damaged or used for another listing unnoticed. The page size may change. They are encrypted, for a
 * cursor may tell of operations that the caller is not shown.
 */
export class PageTokens {
  /** Made once: of raw bytes Node makes a key anew for each call, which takes longer than all the rest. */
  readonly #key: KeyObject;
  readonly #nonceKey: KeyObject;

  /** @param secret - the same in all servers that read each other's tokens */
  constructor(secret: string | Uint8Array) {
    const derived = (purpose: string) =>
      createSecretKey(createHash('sha256').update(`${purpose}:`).update(secret).digest());
    this.#key = derived('page token');
    this.#nonceKey = derived('page token nonce');
  }

  /** The token for the page that begins at `cursor`; empty, at the end, for none. */
  write(cursor: string | undefined, scope: PageScope): string {
    if (cursor === undefined) return '';
    const bound = bytesOf(scope);
    // Of what is sealed, so that the same page has the same token, and no two that differ share a nonce.
    const hmac = createHmac('sha256', this.#nonceKey)
      .update(JSON.stringify([cursor]))
      .update(bound);
    const nonce = hmac.digest().subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(bound);
    const sealed = Buffer.concat([cipher.update(cursor, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /**
   * The cursor in a token; undefined for an empty one, the first page.
   *
   * @throws StatusError INVALID_ARGUMENT when it is damaged or was made for another listing.
   */
  read(token: string, scope: PageScope): string | undefined {
    if (token === '') return undefined;
    const bytes = Buffer.from(token, 'base64url');
    // Decoding base64 forgives a lot; only the very text that `write` makes is a token.
    const asWritten = bytes.length > HEAD_BYTES && bytes.toString('base64url') === token;
    const cursor = asWritten ? this.#open(bytes, scope) : undefined;
    if (cursor !== undefined) return cursor;
    throw invalidField(
      'page_token',
      'page token is damaged or belongs to another parent, filter or caller: pass next_page_token of the page ' +
        'before, with the same name and filter',
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

/** The page tokens of a server, made when the first page is asked for: the store may have to be asked for its secret. */
export function pageTokensOf(
  store: Pick<OperationStore, 'secret'>,
  given: string | Uint8Array | undefined,
): () => Promise<PageTokens> {
  const make = async () => new PageTokens(given ?? (await store.secret?.()) ?? randomBytes(32));
  let tokens: Promise<PageTokens> | undefined;
  return async () => {
    tokens ??= make();
    try {
      return await tokens;
    } catch (error) {
      // The store may be available again when the next page is asked for.
      tokens = undefined;
      throw error;
    }
  };
}

function bytesOf({ parent, filter, principal }: PageScope): Buffer {
  return Buffer.from(JSON.stringify([parent, filter, principal ?? null]));
}
