import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { invalidField } from '../status.js';

/** What a page token is good for: the next page of this very listing (AIP-158). */
export interface PageScope {
  readonly parent: string;
  readonly filter: string;
  /** Whose listing it is; undefined: anybody's. */
  readonly principal?: string | undefined;
}

const SIGNATURE_BYTES = 16;

/**
 * Writes and reads page tokens: opaque, URL-safe, signed, and bound to the parent and filter they were made
 * for, so that none can be forged, damaged or used for another listing unnoticed. The page size may change.
 */
export class PageTokens {
  readonly #secret: Uint8Array;

  /** @param secret - servers that share a store share it; without one, tokens are good for this server only. */
  constructor(secret: string | Uint8Array = randomBytes(32)) {
    this.#secret = typeof secret === 'string' ? Buffer.from(secret) : secret;
  }

  /** The token for the page that begins at `cursor`; empty, at the end, for none. */
  write(cursor: string | undefined, scope: PageScope): string {
    if (cursor === undefined) return '';
    return Buffer.concat([this.#sign(cursor, scope), Buffer.from(cursor)]).toString('base64url');
  }

  /**
   * The cursor in a token; undefined for an empty one, the first page.
   *
   * @throws StatusError INVALID_ARGUMENT when it is damaged or was made for another listing.
   */
  read(token: string, scope: PageScope): string | undefined {
    if (token === '') return undefined;
    const bytes = Buffer.from(token, 'base64url');
    const cursor = bytes.subarray(SIGNATURE_BYTES).toString();
    const signature = bytes.subarray(0, SIGNATURE_BYTES);
    // Decoding base64 forgives a lot; only the very text that `write` makes is a token.
    const asWritten = bytes.length > SIGNATURE_BYTES && bytes.toString('base64url') === token;
    if (asWritten && timingSafeEqual(signature, this.#sign(cursor, scope))) return cursor;
    throw invalidField(
      'page_token',
      'page token is damaged or belongs to another parent or filter: pass next_page_token of the page before, ' +
        'with the same name and filter',
    );
  }

  #sign(cursor: string, { parent, filter, principal }: PageScope): Buffer {
    const hmac = createHmac('sha256', this.#secret).update(
      JSON.stringify([parent, filter, principal ?? null, cursor]),
    );
    return hmac.digest().subarray(0, SIGNATURE_BYTES);
  }
}
