interface Answer {
  readonly message: unknown;
  readonly bytes: Buffer;
}

/** How many questions are remembered; past that, those that nobody has asked for longest are forgotten. */
const MAX_QUESTIONS = 10_000;

/** The answers that were given last to each question: the last two that differ. */
export class AnswerHistory {
  readonly #given = new Map<string, readonly Answer[]>();

  /** Notes an answer, of which `bytes` tell whether it differs from another. */
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

  /** The answer given last, whatever it was. */
  last(question: string): unknown {
    return this.#given.get(question)?.at(-1)?.message;
  }

  /** The last answer given that differs from `bytes`. */
  lastOther(question: string, bytes: Buffer): unknown {
    return this.#given.get(question)?.findLast((answer) => !answer.bytes.equals(bytes))?.message;
  }

  clear(): void {
    this.#given.clear();
  }
}
