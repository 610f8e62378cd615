import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

/** What of a client's options depends on where the server is. */
export interface GoogleOptions {
  apiEndpoint?: string;
  port?: number;
  sslCreds?: ChannelCredentials;
  [option: string]: string | number | object | undefined;
}

/** Options of a generated Google client: for the real API, or for a server of one's own at an address. */
export function googleOptions(address?: string): GoogleOptions {
  if (address === undefined) return {};
  // Nobody need be asked who we are.
  process.env.METADATA_SERVER_DETECTION = 'none';
  const { hostname, port } = new URL(`http://${address}`);
  return { apiEndpoint: hostname, port: Number(port), sslCreds: credentials.createInsecure() };
}
