import { createSecureContext, type TlsOptions } from 'node:tls';
import { StatusError } from '../../core/status.js';

/** Certificates and client authentication, in the form of `node:tls`. The port sets the protocols. */
export type PortTls = Omit<TlsOptions, 'ALPNProtocols' | 'ALPNCallback'>;

/** Server certificate and, optionally, the CA of clients, in PEM. */
export interface ServerPem<Pem extends string | Buffer = string | Buffer> {
  /** Server certificate, followed by its intermediate certificates. */
  readonly cert: Pem;
  readonly key: Pem;
  /**
   * CA certificates of clients. If set, only clients with a certificate are served. @defaultValue none; clients
   * need no certificate
   */
  readonly clientCa?: Pem;
}

/** Options of `node:tls` for a {@link ServerPem}. */
export type PemTls<Pem extends string | Buffer> = Readonly<
  Record<'cert' | 'key', Pem> & { ca?: Pem; requestCert?: true; rejectUnauthorized?: true }
>;

/** Converts PEM data to options of `node:tls`. */
export function pemTls<Pem extends string | Buffer>({ cert, key, clientCa }: ServerPem<Pem>): PemTls<Pem> {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

/** Certificates that change while a port is served, such as those of `watchTlsFiles`. */
export interface ChangingTls {
  /** Current certificates. */
  readonly options: PortTls;
  /** Calls `listener` with the new certificates on every change. Returns a function that unsubscribes. */
  onChange(listener: (options: PortTls) => void): () => void;
}

/** Returns true for certificates that can change. */
export function isChanging(tls: PortTls | ChangingTls): tls is ChangingTls {
  return 'onChange' in tls;
}

/** @throws TypeError if no connection can be served: there is no certificate, or the key belongs to another one. */
export function checkTls(tls: PortTls): void {
  if (tls.pfx === undefined && (tls.cert === undefined || tls.key === undefined)) {
    const missing = tls.cert === undefined ? 'certificate' : 'private key';
    throw new TypeError(`TLS has no ${missing}: give \`cert\` and \`key\``);
  }
  try {
    createSecureContext(tls);
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(
      `certificate cannot be used: ${message}; give a certificate, its key and CAs in PEM`,
      {
        cause,
      },
    );
  }
}
