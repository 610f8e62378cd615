import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ChannelCredentials } from '@grpc/grpc-js';
import { quoted, StatusError } from '../../core/status.js';

/**
 * Trusted CA and, for servers that require one, the certificate of the client: PEM data, or the paths of PEM files.
 * Files are read again for every connection. While they cannot be used, those read before stay in use.
 */
export interface ClientTls {
  /** CA certificates of the server, in PEM. @defaultValue those that Node trusts */
  readonly ca?: string | Buffer | undefined;
  /** File with the CA certificates of the server, instead of `ca`. @defaultValue none */
  readonly caFile?: string | undefined;
  /** Certificate of the client in PEM, followed by its intermediate certificates; requires its key. @defaultValue none */
  readonly cert?: string | Buffer | undefined;
  /** File with the certificate of the client, instead of `cert`. @defaultValue none */
  readonly certFile?: string | undefined;
  /** Private key of the certificate, in PEM. @defaultValue none */
  readonly key?: string | Buffer | undefined;
  /** File with the private key, instead of `key`. @defaultValue none */
  readonly keyFile?: string | undefined;
}

const FIELDS = ['ca', 'cert', 'key'] as const;
const NAMES = FIELDS.flatMap((field) => [field, `${field}File`]);

/**
 * Returns credentials of grpc-js for the certificates.
 *
 * @throws TypeError if a field is missing or unknown, or certificates are malformed or cannot be read.
 */
export function tlsCredentials(tls: ClientTls = {}): ChannelCredentials {
  const unknown = Object.keys(tls).find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`tls has an unknown field ${quoted(unknown)}: give ${NAMES.join(', ')}`);
  for (const field of FIELDS) {
    if (tls[field] !== undefined && tls[`${field}File`] !== undefined)
      throw new TypeError(`tls has both ${field} and ${field}File: give one of them`);
  }
  const [cert, key] = [tls.cert ?? tls.certFile, tls.key ?? tls.keyFile];
  if ((cert === undefined) !== (key === undefined))
    throw new TypeError('tls has only one of certificate and key: give both, or neither');
  const hasFiles = FIELDS.some((field) => tls[`${field}File`] !== undefined);
  return hasFiles ? new FileCredentials(tls) : credentialsOf(tls);
}

type Pem = Pick<ClientTls, 'ca' | 'cert' | 'key'>;

/** @throws TypeError if the PEM is malformed, or the key belongs to another certificate. */
function credentialsOf({ ca, cert, key }: Pem): ChannelCredentials {
  const bytes = (pem: string | Buffer | undefined) => (pem === undefined ? null : Buffer.from(pem));
  try {
    // Otherwise accepted with any content.
    if (ca !== undefined) new X509Certificate(ca);
    return ChannelCredentials.createSsl(bytes(ca), bytes(key), bytes(cert));
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(`tls cannot be used: ${message}; give certificates and their key in PEM`, { cause });
  }
}

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type ConnectorArguments = Parameters<ChannelCredentials['_createSecureConnector']>;

/** Credentials from files, which are read again for every connection. */
class FileCredentials extends ChannelCredentials {
  readonly #tls: ClientTls;
  #current: ChannelCredentials;
  /** Contents that were read last. */
  #seen: Pem;

  constructor(tls: ClientTls) {
    super();
    this.#tls = tls;
    this.#seen = readNow(tls);
    this.#current = credentialsOf(this.#seen);
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(...args: ConnectorArguments): SecureConnector {
    const connector = this.#current._createSecureConnector(...args);
    return {
      connect: async (socket) => {
        await this.#readAgain();
        return this.#current._createSecureConnector(...args).connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  /** Uses new contents. Files that cannot be used, perhaps because they are being replaced, change nothing. */
  async #readAgain(): Promise<void> {
    try {
      const pem = await read(this.#tls);
      if (FIELDS.every((field) => String(pem[field]) === String(this.#seen[field]))) return;
      this.#current = credentialsOf(pem);
      this.#seen = pem;
    } catch {}
  }
}

async function read(tls: ClientTls): Promise<Pem> {
  const contents = async (field: keyof Pem) => {
    const file = tls[`${field}File`];
    return file === undefined ? tls[field] : readFile(file);
  };
  const [ca, cert, key] = await Promise.all(FIELDS.map(contents));
  return { ca, cert, key };
}

/** @throws TypeError if a file cannot be read. */
function readNow(tls: ClientTls): Pem {
  const contents = (field: keyof Pem) => {
    const file = tls[`${field}File`];
    if (file === undefined) return tls[field];
    try {
      return readFileSync(file);
    } catch (cause) {
      const { message } = StatusError.from(cause);
      throw new TypeError(`${field}File ${quoted(file)} cannot be read: ${message}; name a file in PEM`, {
        cause,
      });
    }
  };
  return { ca: contents('ca'), cert: contents('cert'), key: contents('key') };
}
