import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FileRegistry } from '@bufbuild/protobuf';
import { readDescriptors } from './read-descriptors.js';

let own: FileRegistry | undefined;
let commented: FileRegistry | undefined;

/**
 * Returns the registry of this package's files, with HTTP rules and the `google.rpc` error details, but
 * possibly without comments.
 */
export function ownRegistry(): FileRegistry {
  own ??=
    commented ?? readDescriptors(readFileSync(join(dirname(descriptors()), 'descriptors-uncommented.binpb')));
  return own;
}

/** Returns the same registry with comments, which take longer to read than the rest. */
export function commentedOwnRegistry(): FileRegistry {
  commented ??= readDescriptors(readFileSync(descriptors()));
  return commented;
}

/** Returns the path of the descriptors that this package exports. */
function descriptors(): string {
  return createRequire(import.meta.url).resolve('longrunning/descriptors');
}
