/** A length-delimited field of a message; fields and lengths up to 2^21. */
export function field(number: number, contents: Uint8Array): Buffer {
  return Buffer.concat([varintOf((number << 3) | 2), varintOf(contents.length), contents]);
}

/** An integer field of a message. */
export function varint(number: number, value: number): Buffer {
  return Buffer.concat([varintOf(number << 3), varintOf(value)]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
