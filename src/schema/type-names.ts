/** Full names that are declared. */
interface Declared {
  has(fullName: string): boolean;
}

/**
 * The full name that a reference stands for, looked for from the innermost scope outwards, as .proto files have
 * it; undefined when nothing of that name is declared.
 */
export function resolveTypeName(reference: string, scope: string, declared: Declared): string | undefined {
  if (reference.startsWith('.')) return declared.has(reference.slice(1)) ? reference.slice(1) : undefined;
  for (let outer = scope; ; outer = parentScope(outer)) {
    const candidate = qualify(outer, reference);
    if (declared.has(candidate)) return candidate;
    if (outer === '') return undefined;
  }
}

/** `a.b` of `a.b.C`; empty at the outermost. */
export function parentScope(scope: string): string {
  return scope.slice(0, Math.max(scope.lastIndexOf('.'), 0));
}

/** The full name of what is called `name` in `scope`. */
export function qualify(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
