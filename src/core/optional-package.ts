import { Code, kitError, type StatusError } from './status.js';

/** Optional dependency, installed only by applications that need it. */
export interface OptionalPackage {
  readonly name: string;
  /** Feature that needs the package, for error messages: `the PostgreSQL store`. */
  readonly neededBy: string;
  /** Packages to install, separated by spaces: `pg pg-boss`. */
  readonly install: string;
}

/**
 * Loads an optional package.
 *
 * @throws StatusError FAILED_PRECONDITION with the install command if the package is not installed.
 */
export async function importPackage<Module>(
  needed: OptionalPackage,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw isAbsent(needed.name, error) ? missing(needed, error) : error;
  }
}

/**
 * Loads an optional package synchronously.
 *
 * @throws StatusError FAILED_PRECONDITION with the install command if the package is not installed.
 */
export function requirePackage<Module>(needed: OptionalPackage, load: () => Module): Module {
  try {
    return load();
  } catch (error) {
    throw isAbsent(needed.name, error) ? missing(needed, error) : error;
  }
}

function missing({ name, neededBy, install }: OptionalPackage, cause: unknown): StatusError {
  const message = `package ${name} is not installed, and ${neededBy} needs it: npm install ${install}`;
  return kitError(Code.FAILED_PRECONDITION, 'PACKAGE_MISSING', message, {
    metadata: { package: name },
    cause,
  });
}

/** Returns true if the package itself is missing, false if one of its dependencies is. */
function isAbsent(name: string, error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const notFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return notFound && String(message).includes(`'${name}'`);
}
