import { Code, kitError } from './status.js';

/** A package that only some applications need, and that those install. */
export interface OptionalPackage {
  readonly name: string;
  /** `the PostgreSQL store`. */
  readonly neededBy: string;
  /** What to install, it among others perhaps: `pg pg-boss`. */
  readonly install: string;
}

/**
 * Loads a package that may not be there.
 *
 * @throws StatusError FAILED_PRECONDITION, with what to install, when it is not.
 */
export async function importPackage<Module>(
  { name, neededBy, install }: OptionalPackage,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isAbsent(name, error)) throw error;
    const message = `package ${name} is not installed, and ${neededBy} needs it: npm install ${install}`;
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
