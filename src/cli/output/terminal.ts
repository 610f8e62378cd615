import type { SignalSource } from '../connection/termination.js';

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

const DEFAULT_COLUMNS = 80;

/**
 * The width of an output, in columns; undefined if it is no terminal, and COLUMNS of the environment names none.
 *
 * @param env - where COLUMNS is looked up.
 */
export function columnsOf({ columns, isTTY }: Output, env: NodeJS.ProcessEnv): number | undefined {
  if (columns !== undefined && columns > 0) return columns;
  const given = Number(env.COLUMNS);
  if (Number.isInteger(given) && given > 0) return given;
  // Some terminals say that they have no columns.
  return isTTY ? DEFAULT_COLUMNS : undefined;
}
