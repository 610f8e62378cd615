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
 * Converts the error of a failed `import()` of an optional package: to a StatusError FAILED_PRECONDITION with the install
 * command if the package is not installed. Other errors are returned as is.
 *
 * Write the `import()` inside `try`, so that bundlers accept that the package is not installed.
 */
export function importError(needed: OptionalPackage, error: unknown): unknown {
  return isAbsent(needed.name, error) ? missing(needed, error) : error;
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
    throw importError(needed, error);
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
