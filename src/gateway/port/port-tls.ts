import { createSecureContext, type TlsOptions } from 'node:tls';
import { StatusError } from '../../status.js';

/** Certificates and how to ask for those of clients, as `node:tls` takes them. The protocols are the port's affair. */
export type PortTls = Omit<TlsOptions, 'ALPNProtocols' | 'ALPNCallback'>;

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
