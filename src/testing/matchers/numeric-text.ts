/** Canonical form of a decimal number. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/;

/**
 * Converts a number in any form that generated code has for 64 bits (number, bigint, text, `Long`, also after
 * JSON) to decimal text. Returns undefined for anything else.
 */
export function numericText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? String(BigInt(value)) : String(value);
    case 'bigint':
      return String(value);
    case 'string':
      return DECIMAL.test(value) ? value : undefined;
    case 'object':
      return longText(value);
    default:
      return undefined;
  }
}

/** Converts a `Long` of the package `long`, or its equivalent in protobuf.js without that package. */
function longText(value: object | null): string | undefined {
  const { low, high, unsigned } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(low) || !Number.isInteger(high) || typeof unsigned !== 'boolean') return undefined;
  const bits = (BigInt(high as number) << 32n) | BigInt.asUintN(32, BigInt(low as number));
  return String(unsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits));
}
