/** An error of the person at the keyboard: told in one line for each fault, and exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
  readonly faults: readonly string[];

  constructor(fault: string | readonly string[], options?: ErrorOptions) {
    const faults = typeof fault === 'string' ? [fault] : fault;
    super(faults.join('\n'), options);
    this.faults = faults;
  }
}

/** What something that was thrown says, to be made part of a {@link UsageError}. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
