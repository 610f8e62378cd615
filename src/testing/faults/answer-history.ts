interface Answer {
  readonly message: unknown;
  readonly bytes: Buffer;
}

/** Upper bound on recorded keys. The least recently used one is discarded first. */
const MAX_QUESTIONS = 10_000;

/** Last two distinct answers for each key, which identifies a request. */
export class AnswerHistory {
  readonly #given = new Map<string, readonly Answer[]>();

  /** Records an answer. `bytes` is its encoding, which distinguishes it from others. */
  note(question: string, message: unknown, bytes: Buffer): void {
    const earlier = this.#given.get(question) ?? [];
    this.#given.delete(question);
    const others = earlier.filter((answer) => !answer.bytes.equals(bytes)).slice(-1);
    this.#given.set(question, [...others, { message, bytes }]);
    if (this.#given.size <= MAX_QUESTIONS) return;
    for (const [oldest] of this.#given) {
      this.#given.delete(oldest);
      return;
    }
  }

  /** Returns the last answer. */
  last(question: string): unknown {
    return this.#given.get(question)?.at(-1)?.message;
  }

  /** Returns the last answer that differs from `bytes`. */
  lastOther(question: string, bytes: Buffer): unknown {
    return this.#given.get(question)?.findLast((answer) => !answer.bytes.equals(bytes))?.message;
  }

  clear(): void {
    this.#given.clear();
  }
}
