import { createRegistry, type FileRegistry, type Registry } from '@bufbuild/protobuf';
import { ownRegistry } from '../../schema/descriptor-set.js';
import { WELL_KNOWN_FILES } from '../../schema/file-registry.js';

/** Types that an Any may contain: the served types, and the standard ones. */
export function knownTypes(served: FileRegistry): Registry {
  return createRegistry(...WELL_KNOWN_FILES, ownRegistry(), served);
}
