import { ChannelCredentials } from '@grpc/grpc-js';
import { parseAddress } from '../index.js';
import { UsageError } from './failure.js';
import type { CallingOptions } from './options.js';

/**
 * How to secure the connection: TLS, except to this machine or with `--insecure`.
 *
 * @throws UsageError when the address is malformed.
 */
export function credentialsOf({ address, insecure }: CallingOptions): ChannelCredentials {
  try {
    const { loopback } = parseAddress(address);
    return loopback || insecure ? ChannelCredentials.createInsecure() : ChannelCredentials.createSsl();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
