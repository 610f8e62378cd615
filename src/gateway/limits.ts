/** How much a gateway takes of one request. What is more is refused. */
export interface GatewayLimits {
  /** Bytes of the body (else 413). @defaultValue 4 MiB */
  readonly bodyBytes?: number;
  /**
   * Values in a JSON body, counting arrays and objects (else 400). They are counted before any is read; the time that a body
   * takes grows with them. @defaultValue 10,000
   */
  readonly bodyValues?: number;
  /** Bytes of path and query (else 414). @defaultValue 8 KiB */
  readonly urlBytes?: number;
  /** Bytes of all header names and values (else 431). @defaultValue 16 KiB */
  readonly headerBytes?: number;
  /** Milliseconds that the headers, and then the body, may take to arrive (else 408). @defaultValue 30,000 */
  readonly arrivalMs?: number;
}

export const DEFAULT_LIMITS: Required<GatewayLimits> = {
  bodyBytes: 4 * 1024 * 1024,
  bodyValues: 10_000,
  urlBytes: 8 * 1024,
  headerBytes: 16 * 1024,
  arrivalMs: 30_000,
};
