import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Temporary directory with .proto files. */
export interface ProtoFiles extends Disposable {
  readonly dir: string;
  path(name: string): string;
}

export function protoFiles(files: Readonly<Record<string, string>>): ProtoFiles {
  const dir = mkdtempSync(join(tmpdir(), 'longrunning-protos-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return {
    dir,
    path: (name) => join(dir, name),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
}

/** Directory of the protos of the GKE Multi-Cloud API. */
export const GKE_PROTOS = 'node_modules/@google-cloud/gkemulticloud/build/protos';

/** Directory of the protos of the Speech-to-Text API. */
export const SPEECH_PROTOS = 'node_modules/@google-cloud/speech/build/protos';
