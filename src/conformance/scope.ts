/** Closes what was opened, last first, each of it even if another could not be closed. */
export class Scope {
  readonly #closers: (() => Promise<void>)[] = [];

  onClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        await this.close();
        throw error;
      }
    }
  }
}
