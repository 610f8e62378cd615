/** Set of declared full names. */
interface Declared {
  has(fullName: string): boolean;
}

/**
 * Resolves a reference to a full name by searching from the innermost scope outwards, like .proto files.
 * Returns undefined if nothing of that name is declared.
 */
export function resolveTypeName(reference: string, scope: string, declared: Declared): string | undefined {
  if (reference.startsWith('.')) return declared.has(reference.slice(1)) ? reference.slice(1) : undefined;
  for (let outer = scope; ; outer = parentScope(outer)) {
    const candidate = qualify(outer, reference);
    if (declared.has(candidate)) return candidate;
    if (outer === '') return undefined;
  }
}

/** Returns the enclosing scope: `a.b` for `a.b.C`, empty at the top. */
export function parentScope(scope: string): string {
  return scope.slice(0, Math.max(scope.lastIndexOf('.'), 0));
}

/** Returns the full name of `name` in `scope`. */
export function qualify(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
