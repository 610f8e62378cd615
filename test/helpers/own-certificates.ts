import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Files with a certificate for `localhost` and its key. */
export interface OwnCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Creates self-signed certificates, which only clients that are given one trust. */
export interface CertificateMaker extends AsyncDisposable {
  readonly directory: string;
  make(name: string): Promise<OwnCertificate>;
}

export function certificateMaker(): CertificateMaker {
  const directory = mkdtempSync(join(tmpdir(), 'longrunning-certificates-'));
  return {
    directory,
    async make(name) {
      const pems = await generate([{ name: 'commonName', value: name }], {
        keyType: 'ec',
        algorithm: 'sha256',
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
      });
      const cert = join(directory, `${name}.pem`);
      const key = join(directory, `${name}-key.pem`);
      writeFileSync(cert, pems.cert);
      writeFileSync(key, pems.private);
      return { cert, key };
    },
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** Contents of a file. */
export const pem = (file: string): Buffer => readFileSync(file);
