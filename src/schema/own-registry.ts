import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FileRegistry } from '@bufbuild/protobuf';
import { readDescriptors } from './read-descriptors.js';

let own: FileRegistry | undefined;
let commented: FileRegistry | undefined;

/** What this package declares, with its HTTP rules, and the error details of `google.rpc`. Comments need not be there. */
export function ownRegistry(): FileRegistry {
  own ??=
    commented ?? readDescriptors(readFileSync(join(dirname(descriptors()), 'descriptors-uncommented.binpb')));
  return own;
}

/** The same with its comments, which take longer to read than all the rest. */
export function commentedOwnRegistry(): FileRegistry {
  commented ??= readDescriptors(readFileSync(descriptors()));
  return commented;
}

/** The path of the descriptors that this package exports. */
function descriptors(): string {
  return createRequire(import.meta.url).resolve('longrunning/descriptors');
}
