import { DEFAULT_MEMORY_LIMITS } from '../../core/held-memory.js';

/** Upper bounds on request sizes and on memory for responses that clients have not read. */
export interface GatewayLimits {
  /** Bytes of the body (else 413). @defaultValue 4 MiB */
  readonly bodyBytes?: number | undefined;
  /**
   * Values in a JSON body, counting arrays and objects (else 400). They are counted before parsing, because
   * parsing time grows with their number. @defaultValue 10,000
   */
  readonly bodyValues?: number | undefined;
  /**
   * Bytes of the encoded request message of a service in this process (else 429), as `grpc.max_receive_message_length` of a
   * gRPC server. @defaultValue 4 MiB
   */
  readonly messageBytes?: number | undefined;
  /** Bytes of path and query (else 414). @defaultValue 8 KiB */
  readonly urlBytes?: number | undefined;
  /** Bytes of all header names and values (else 431). @defaultValue 16 KiB */
  readonly headerBytes?: number | undefined;
  /** Milliseconds that the headers, and then the body, may take to arrive (else 408). @defaultValue 30,000 */
  readonly arrivalMs?: number | undefined;
  /**
   * Bytes of memory per connection for incomplete bodies (else 429) and unread responses (else the connection
   * ends). @defaultValue 64 MiB
   */
  readonly connectionBytes?: number | undefined;
  /**
   * Bytes of that memory for all connections of the process, including gRPC. Over the limit, the connection that
   * holds the most must release memory. @defaultValue 256 MiB
   */
  readonly processBytes?: number | undefined;
}

/** Limits with all defaults filled in. */
export type CheckedLimits = { readonly [Limit in keyof GatewayLimits]-?: number };

export const DEFAULT_LIMITS: CheckedLimits = {
  bodyBytes: 4 * 1024 * 1024,
  bodyValues: 10_000,
  messageBytes: 4 * 1024 * 1024,
  urlBytes: 8 * 1024,
  headerBytes: 16 * 1024,
  arrivalMs: 30_000,
  ...DEFAULT_MEMORY_LIMITS,
};
