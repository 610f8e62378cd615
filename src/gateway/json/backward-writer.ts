import { BinaryWriter, type WireType } from '@bufbuild/protobuf/wire';

const LEAST_CAPACITY = 256;
/** Longest text that is faster to copy by character. */
const SHORT_TEXT = 32;

/** Methods of {@link BinaryWriter} that write a number. */
type NumberMethod =
  | 'fixed32'
  | 'fixed64'
  | 'float'
  | 'int32'
  | 'int64'
  | 'sfixed32'
  | 'sfixed64'
  | 'sint32'
  | 'sint64'
  | 'uint64';

/**
 * Writer of the protobuf wire format from the end to the beginning. When the length of a message is due, its bytes
 * have been written, so nothing has to be moved or measured beforehand.
 */
export class BackwardWriter {
  #numbers: BinaryWriter | undefined;
  #buffer: Buffer;
  /** Index of the first byte that has been written. */
  #start: number;

  /** @param sizeHint - expected number of bytes. */
  constructor(sizeHint: number) {
    this.#start = Math.max(Math.ceil(sizeHint), LEAST_CAPACITY);
    this.#buffer = Buffer.allocUnsafe(this.#start);
  }

  /** Number of bytes written. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** Returns the bytes. They do not keep a much larger buffer in memory. */
  finish(): Buffer {
    const bytes = this.#buffer.subarray(this.#start);
    return this.length < this.#buffer.length / 2 ? Buffer.from(bytes) : bytes;
  }

  /** Writes a varint of up to 32 bits. */
  varint(value: number): void {
    let size = 1;
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++;
    this.#reserve(size);
    let at = this.#start;
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  tag(field: number, type: WireType): void {
    this.varint(((field << 3) | type) >>> 0);
  }

  /** Makes a length-delimited field of what was written since the writer had this length. */
  delimit(field: number, since: number): void {
    this.varint(this.length - since);
    this.tag(field, 2);
  }

  /** Writes a number as {@link BinaryWriter} does. */
  scalar(method: NumberMethod, value: unknown): void {
    this.#numbers ??= new BinaryWriter();
    this.#numbers[method](value as never);
    this.#raw(this.#numbers.finish());
  }

  double(value: number): void {
    this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  /** Writes bytes after their length. */
  bytes(bytes: Uint8Array): void {
    this.#raw(bytes);
    this.varint(bytes.length);
  }

  /** Writes text after its length. */
  string(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    if (length !== text.length) this.#buffer.write(text, this.#start, length, 'utf8');
    else if (length > SHORT_TEXT) this.#buffer.write(text, this.#start, length, 'latin1');
    else {
      for (let index = 0; index < length; index++) this.#buffer[this.#start + index] = text.charCodeAt(index);
    }
    this.varint(length);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#start);
  }

  /** Makes room before the bytes that have been written. */
  #reserve(count: number): void {
    if (count > this.#start) {
      const grown = Buffer.allocUnsafe(2 * this.#buffer.length + count);
      const start = grown.length - this.length;
      this.#buffer.copy(grown, start, this.#start);
      this.#buffer = grown;
      this.#start = start;
    }
    this.#start -= count;
  }
}
