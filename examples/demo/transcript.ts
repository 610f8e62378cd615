/** Prints events and checks expectations. */
export class Transcript {
  #unmet = 0;

  /** Number of failed expectations. */
  get unmet(): number {
    return this.#unmet;
  }

  readonly chapter = (title: string): void => {
    console.log(`\n${title}`);
  };

  /** Prints an action. */
  readonly say = (step: string): void => {
    console.log(`  ${step}`);
  };

  /** Checks an expectation. */
  readonly expect = (expectation: string, found: unknown, wanted: unknown): void => {
    if (Object.is(found, wanted)) {
      console.log(`    ✓ ${expectation}`);
      return;
    }
    this.#unmet++;
    console.log(`    ✗ ${expectation}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
  };
}
