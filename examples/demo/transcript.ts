/** Prints what happens, and checks that it is what should. */
export class Transcript {
  #unmet = 0;

  /** How many expectations were not met. */
  get unmet(): number {
    return this.#unmet;
  }

  readonly chapter = (title: string): void => {
    console.log(`\n${title}`);
  };

  /** Something that is done. */
  readonly say = (step: string): void => {
    console.log(`  ${step}`);
  };

  /** Something that has to be so. */
  readonly expect = (expectation: string, found: unknown, wanted: unknown): void => {
    if (Object.is(found, wanted)) {
      console.log(`    ✓ ${expectation}`);
      return;
    }
    this.#unmet++;
    console.log(`    ✗ ${expectation}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
  };
}
