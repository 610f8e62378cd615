import type { SignalSource } from './termination.js';

/** Where text goes: a terminal, a file or a pipe. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** The process, as far as the commands need it. */
export interface Terminal extends SignalSource {
  readonly argv: readonly string[];
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Ends the process at once. */
  exit(code: number): never;
  exitCode?: number | string | null | undefined;
}
