import { createFileRegistry, createRegistry, type FileRegistry, type Registry } from '@bufbuild/protobuf';
import { commentedOwnRegistry, ownRegistry } from '../../schema/descriptor-set.js';
import { WELL_KNOWN_FILES } from '../../schema/file-registry.js';

const OPERATIONS_FILE = 'google/longrunning/operations';

/** Registry of the file that declares `google.longrunning.Operations`, with its imports. */
export function operationsRegistry(): FileRegistry {
  const registry = commentedOwnRegistry();
  const file = registry.getFile(`${OPERATIONS_FILE}.proto`);
  return file ? createFileRegistry(file.proto, (name) => registry.getFile(name)) : registry;
}

/** Types that an Any may contain: the served types, and the standard ones. */
export function knownTypes(served: FileRegistry): Registry {
  return createRegistry(...WELL_KNOWN_FILES, ownRegistry(), served);
}
