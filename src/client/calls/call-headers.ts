import { Metadata } from '@grpc/grpc-js';
import { invalidField, quoted } from '../../core/status.js';

type Headers = Readonly<Record<string, string>>;

const ROUTING_HEADER = 'x-goog-request-params';

/** No longer name is well-formed (contract 9), and percent-encoded it could burst the peer's header limit. */
const MAX_NAME_BYTES = 1024;

/**
 * The headers of a call about `name`: by which field to route it (AIP-4222), then what the client and the
 * call say, the latter winning.
 *
 * @throws StatusError INVALID_ARGUMENT for a header that HTTP/2 cannot carry.
 */
export function callHeaders(name: string, ...headers: readonly (Headers | undefined)[]): Metadata {
  const metadata = new Metadata();
  if (isRoutable(name)) metadata.set(ROUTING_HEADER, `name=${encodeURIComponent(name)}`);
  for (const [key, value] of headers.flatMap((some) => Object.entries(some ?? {}))) {
    try {
      metadata.set(key, value);
    } catch {
      // No cause: that of grpc-js quotes the value, which may be a token.
      const message = `header ${quoted(key)} cannot be sent: use lower-case ASCII names and printable ASCII values`;
      throw invalidField('headers', message);
    }
  }
  return metadata;
}

/** A name that is not goes without the header, for the server to answer INVALID_ARGUMENT. */
function isRoutable(name: string): boolean {
  return name.isWellFormed() && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}
