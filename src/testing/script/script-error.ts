/** One thing that is wrong with a script. */
export interface ScriptFault {
  /** Counts from 1; 0 in a script that is no text. */
  readonly line: number;
  /** Where in the script: `methods.acme.v1.Jobs.RunJob.steps[0].atMs`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** A script cannot be used. The message has one line for each fault: `file:line: field path: reason`, without a line if it has none. */
export class ScriptError extends Error {
  override readonly name: string = 'ScriptError';
  /** All that is wrong, in the order of the file. */
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
