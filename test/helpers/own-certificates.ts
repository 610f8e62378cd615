import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate for `localhost`, and its key, in files. */
export interface OwnCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes self-signed certificates: nobody but who is given one trusts it. */
export interface CertificateMaker extends AsyncDisposable {
  readonly directory: string;
  make(name: string): OwnCertificate;
}

export function certificateMaker(): CertificateMaker {
  const directory = mkdtempSync(join(tmpdir(), 'longrunning-certificates-'));
  return {
    directory,
    make(name) {
      const cert = join(directory, `${name}.pem`);
      const key = join(directory, `${name}-key.pem`);
      const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
      const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      execFileSync('openssl', [...kind, ...subject, '-days', '2', '-keyout', key, '-out', cert], {
        stdio: 'ignore',
      });
      return { cert, key };
    },
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** What a file holds. */
export const pem = (file: string): Buffer => readFileSync(file);
