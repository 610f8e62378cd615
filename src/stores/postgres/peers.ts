import { importPackage } from '../../core/optional-package.js';

/**
 * Loads a package that only this store needs, and that an application installs with it.
 *
 * @throws StatusError FAILED_PRECONDITION when it is not installed.
 */
export function importPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  return importPackage({ name, neededBy: 'the PostgreSQL store', install: 'pg pg-boss' }, load);
}
