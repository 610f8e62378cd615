import type { SignalSource } from './termination.js';

/** The process, as far as the commands need it. */
export interface Terminal extends SignalSource {
  readonly argv: readonly string[];
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Ends the process at once. */
  exit(code: number): never;
  exitCode?: number | string | null | undefined;
}
