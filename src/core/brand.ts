/** A class with a brand: a name that is the same in every copy of this package. */
export interface BrandedClass {
  readonly prototype: object;
  readonly brand?: unknown;
}

/**
 * Implements `instanceof` for classes with a brand. Recognizes instances of other copies of this package: of its CommonJS
 * build, of another version, or of a module registry that a test runner has reset. Subclasses without a brand of their own
 * are compared by prototype, as usual.
 */
export function isInstance(type: BrandedClass, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const brand = Object.hasOwn(type, 'brand') ? type.brand : undefined;
  for (
    let prototype = Object.getPrototypeOf(value);
    prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if (prototype === type.prototype) return true;
    if (brand !== undefined && brandOf(prototype) === brand) return true;
  }
  return false;
}

/** Returns the brand of the class of a prototype. Inherited brands do not count. */
function brandOf(prototype: object): unknown {
  const type: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof type === 'function' ? Object.getOwnPropertyDescriptor(type, 'brand')?.value : undefined;
}
