/** A byte for "not compressed", four for the length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;

/** Follows where the messages of a gRPC stream begin and end. */
export class MessageBoundaries {
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  #missingBytes = 0;

  /** Set while a message has begun and not ended. */
  get isInside(): boolean {
    return this.#prefixBytes > 0;
  }

  /** Takes the next bytes of the stream. */
  advance(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#prefixBytes < PREFIX_BYTES) {
        const copied = bytes.copy(this.#prefix, this.#prefixBytes, at);
        at += copied;
        this.#prefixBytes += copied;
        if (this.#prefixBytes < PREFIX_BYTES) return;
        this.#missingBytes = this.#prefix.readUInt32BE(1);
      } else {
        const taken = Math.min(this.#missingBytes, bytes.length - at);
        at += taken;
        this.#missingBytes -= taken;
      }
      if (this.#missingBytes === 0) this.#prefixBytes = 0;
    }
  }
}
