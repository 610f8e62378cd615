import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

/** Client options that depend on the server's address. */
export interface GoogleOptions {
  apiEndpoint?: string;
  port?: number;
  sslCreds?: ChannelCredentials;
  [option: string]: string | number | object | undefined;
}

/** Options of a generated Google client, for the real API or a server at another address. */
export function googleOptions(address?: string): GoogleOptions {
  if (address === undefined) return {};
  // A local server needs no credentials.
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const { hostname, port } = new URL(`http://${address}`);
  return { apiEndpoint: hostname, port: Number(port), sslCreds: credentials.createInsecure() };
}
