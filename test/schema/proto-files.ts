import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** .proto files in a directory of their own, for as long as a test needs them. */
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

/** Where the protos of the GKE Multi-Cloud API are. */
export const GKE_PROTOS = 'node_modules/@google-cloud/gkemulticloud/build/protos';

/** Where the protos of the Speech-to-Text API are. */
export const SPEECH_PROTOS = 'node_modules/@google-cloud/speech/build/protos';
