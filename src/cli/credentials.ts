import { ChannelCredentials } from '@grpc/grpc-js';
import { parseAddress } from '../index.js';
import type { CallingOptions } from './options.js';
import { UsageError } from './usage-error.js';

/**
 * How to secure the connection: TLS, except to this machine or with `--insecure`.
 *
 * @throws UsageError when the address is malformed.
 */
export function credentialsOf({ address, insecure }: CallingOptions): ChannelCredentials {
  try {
    const { tls } = parseAddress(address);
    return tls && !insecure ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
