import { Code, kitError } from '../../status.js';

/**
 * Loads a package that only this store needs, and that an application installs with it.
 *
 * @throws StatusError FAILED_PRECONDITION when it is not installed.
 */
export async function importPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isAbsent(name, error)) throw error;
    const message = `package ${name} is not installed, and the PostgreSQL store needs it: npm install pg pg-boss`;
    throw kitError(Code.FAILED_PRECONDITION, 'PACKAGE_MISSING', message, {
      metadata: { package: name },
      cause: error,
    });
  }
}

/** Whether it is that package itself which is absent, and nothing that it needs. */
function isAbsent(name: string, error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const notFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return notFound && String(message).includes(`'${name}'`);
}
