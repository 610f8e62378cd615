/** Fault of a script. */
export interface ScriptFault {
  /** Line number, starting at 1, or 0 if the script is not text. */
  readonly line: number;
  /** Location in the script, such as `methods.acme.v1.Jobs.RunJob.steps[0].atMs`. Empty for the file as a whole. */
  readonly path: string;
  /** Description of the fault, and how to fix it. */
  readonly reason: string;
}

/**
 * Thrown for a script that cannot be used. The message has one line per fault, `file:line: field path: reason`,
 * without the line number if there is none.
 */
export class ScriptError extends Error {
  override readonly name: string = 'ScriptError';
  /** All faults in the order of the file. */
  readonly faults: readonly ScriptFault[];

  constructor(file: string, faults: readonly ScriptFault[], options?: ErrorOptions) {
    const sorted = faults.toSorted((a, b) => a.line - b.line);
    const lines = sorted.map(
      ({ line, path, reason }) => `${file}${line > 0 ? `:${line}` : ''}: ${path && `${path}: `}${reason}`,
    );
    super(lines.join('\n'), options);
    this.faults = sorted;
  }
}
