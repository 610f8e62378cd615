import { createSecureContext, type TlsOptions } from 'node:tls';
import { StatusError } from '../../core/status.js';

/** Certificates and how to ask for those of clients, as `node:tls` takes them. The protocols are the port's affair. */
export type PortTls = Omit<TlsOptions, 'ALPNProtocols' | 'ALPNCallback'>;

/** A server's certificate, and whose clients it serves, in PEM. */
export interface ServerPem<Pem extends string | Buffer = string | Buffer> {
  /** The server's certificate, and those between it and the root. */
  readonly cert: Pem;
  readonly key: Pem;
  /** Certificates of who signs those of clients; then only clients with one are served. @defaultValue none are asked for */
  readonly clientCa?: Pem;
}

/** What `node:tls` makes of it. */
export type PemTls<Pem extends string | Buffer> = Readonly<
  Record<'cert' | 'key', Pem> & { ca?: Pem; requestCert?: true; rejectUnauthorized?: true }
>;

/** A port with such a certificate, that serves such clients. */
export function pemTls<Pem extends string | Buffer>({ cert, key, clientCa }: ServerPem<Pem>): PemTls<Pem> {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

/** Certificates that change while a port is served, such as those that `watchTlsFiles` reads. */
export interface ChangingTls {
  /** As they are now. */
  readonly options: PortTls;
  /** Calls `listener` with the new ones whenever they have changed, until the function returned is called. */
  onChange(listener: (options: PortTls) => void): () => void;
}

/** Whether these change by themselves. */
export function isChanging(tls: PortTls | ChangingTls): tls is ChangingTls {
  return 'onChange' in tls;
}

/** @throws TypeError when no connection can be served with them: no certificate, or one of another key. */
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
