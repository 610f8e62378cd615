import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { quoted, StatusError } from '../../core/status.js';

/**
 * Certificate of a server and, optionally, the CA of its clients: PEM data, or the paths of PEM files. Files are
 * polled every ten seconds, which also detects changes through symbolic links. New connections get the new
 * certificate; open ones continue. Files that cannot be used are logged, and the previous certificate stays in use.
 */
export type ServerTls =
  | {
      /** Server certificate in PEM, followed by its intermediate certificates. */
      readonly cert: string | Buffer;
      /** Private key of `cert`, in PEM. */
      readonly key: string | Buffer;
      /**
       * CA certificates of clients, in PEM. If set, only clients with a certificate are served.
       *
       * @defaultValue none; clients need no certificate
       */
      readonly clientCa?: string | Buffer | undefined;
      readonly certFile?: undefined;
      readonly keyFile?: undefined;
      readonly clientCaFile?: undefined;
    }
  | {
      /** File with the server certificate in PEM, followed by its intermediate certificates. */
      readonly certFile: string;
      /** File with the private key of `certFile`, in PEM. */
      readonly keyFile: string;
      /**
       * File with the CA certificates of clients, in PEM. If set, only clients with a certificate are served.
       *
       * @defaultValue none; clients need no certificate
       */
      readonly clientCaFile?: string | undefined;
      readonly cert?: undefined;
      readonly key?: undefined;
      readonly clientCa?: undefined;
    };

/** Paths of PEM files. */
export type TlsFiles = Extract<ServerTls, { readonly certFile: string }>;

/** Certificates in the form of `node:tls`. */
export interface Certificates {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca?: string | Buffer;
  readonly requestCert?: true;
  readonly rejectUnauthorized?: true;
}

const FIELDS = ['cert', 'key', 'clientCa', 'certFile', 'keyFile', 'clientCaFile'];

/** Returns true if the certificates come from files. */
export function hasFiles(tls: ServerTls): tls is TlsFiles {
  return tls.certFile !== undefined;
}

/**
 * Reads the certificates of a server.
 *
 * @throws TypeError if a field is missing or unknown, a file cannot be read, or no connection can be served: the PEM
 * is malformed, or the key belongs to another certificate.
 */
export async function readCertificates(tls: ServerTls): Promise<Certificates> {
  checkFields(tls);
  const certificates = hasFiles(tls) ? await readFiles(tls) : certificatesOf(tls);
  try {
    createSecureContext({ ...certificates });
    // Otherwise accepted with any content.
    if (certificates.ca !== undefined) new X509Certificate(certificates.ca);
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(
      `certificate cannot be used: ${message}; give a certificate, its key and CAs in PEM`,
      { cause },
    );
  }
  return certificates;
}

/** Rejects other options of `node:tls`. An ignored `ca` would admit clients without a certificate. */
function checkFields(tls: ServerTls): void {
  const given = Object.entries(tls).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  const unknown = given.find((field) => !FIELDS.includes(field));
  if (unknown !== undefined)
    throw new TypeError(`tls has an unknown field ${quoted(unknown)}: give ${FIELDS.join(', ')}`);
  const files = given.filter((field) => field.endsWith('File'));
  if (files.length > 0 && files.length < given.length)
    throw new TypeError(`tls mixes PEM data and files (${given.join(', ')}): give either data or files`);
  const suffix = files.length > 0 ? 'File' : '';
  for (const field of ['cert', 'key']) {
    if (given.includes(field + suffix)) continue;
    const missing = field === 'cert' ? 'certificate' : 'private key';
    throw new TypeError(`tls has no ${missing}: give \`cert\` and \`key\`, or \`certFile\` and \`keyFile\``);
  }
}

interface Pem {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly clientCa?: string | Buffer | undefined;
}

function certificatesOf({ cert, key, clientCa }: Pem): Certificates {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

async function readFiles({ certFile, keyFile, clientCaFile }: TlsFiles): Promise<Certificates> {
  return certificatesOf({
    cert: await readPem('certificate', certFile),
    key: await readPem('private key', keyFile),
    clientCa: clientCaFile === undefined ? undefined : await readPem('certificates of clients', clientCaFile),
  });
}

async function readPem(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(`${what} ${quoted(file)} cannot be read: ${message}; name a file in PEM`, { cause });
  }
}
