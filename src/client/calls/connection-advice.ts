import { parseAddress } from '../../core/address.js';

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|packet length too long/,
    'it speaks no TLS: leave out "https://" and tls, or give ChannelCredentials.createInsecure()',
  ],
  [/speaks TLS/, 'write "https://" before the address, or give tls'],
  [/certificate required|handshake failure/, 'it asks for a client certificate: give tls.cert and tls.key'],
  [/altnames/, 'connect by a name that its certificate has'],
  [/certificate (?:has expired|is not yet valid)/, 'renew the certificate of the server, or check the clock'],
  [/certificate/, 'give the authority that signed its certificate as tls.ca'],
  [/resolution failed|ENOTFOUND|EAI_AGAIN|not resolved/, 'check the host name'],
  [/ENOENT|EACCES/, 'check the path of the socket'],
  [/ECONNREFUSED/, 'check that a server listens there'],
  [/Failed to connect|Protocol error|hang up/, 'check that it is a gRPC server'],
];

const PORT = /:\d+$/;

/** Next step for whoever cannot connect, by what grpc-js, Node and OpenSSL say of it. */
export function connectionAdvice(fault: string, target: string): string {
  const plain = withoutScheme(target);
  if (!PORT.test(plain) && !plain.startsWith('unix')) {
    return `it has no port, so 443 was tried: write "${plain}:PORT"`;
  }
  if (plain !== target && /wrong version number/.test(fault) && parseAddress(plain).loopback) {
    return `it speaks no TLS: write "${plain}", which is reached in plain text`;
  }
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(fault)) ?? [];
  return advice ?? 'check the address, and that a server listens there';
}

/** A target of grpc-js without `dns:`; any other as it is. */
export function withoutScheme(target: string): string {
  return target.replace(/^dns:(?:\/\/[^/]*\/)?/i, '');
}
