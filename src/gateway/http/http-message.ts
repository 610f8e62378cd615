import type { IncomingHttpHeaders } from 'node:http';

/** Header fields by lower-case name; a list is sent as a line for each. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** A request, as far as a gateway needs it. */
export interface HttpRequest {
  readonly httpMethod: string;
  /** As it came: neither decoded nor normalised. */
  readonly rawUrl: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values by turns, as they came. */
  readonly rawHeaders: readonly string[];
  /** `1.1` */
  readonly httpVersion: string;
  /**
   * Reads the body, once.
   *
   * @throws StatusError when it is too long, too slow or cut off.
   */
  readBody(): Promise<Buffer>;
  /** The address of who is at the other end of the connection; undefined when it has none, or is closed. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Aborts when nobody waits for the answer any more. Made when it is first asked for. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderFields;
  /** Of the content type that the headers say; undefined: there is none. */
  readonly body: string | undefined;
}
