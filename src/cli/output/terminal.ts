import { constants } from 'node:os';

/** Output stream: a terminal, a file or a pipe. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Subset of `process` that the commands use. */
export interface Terminal extends SignalSource {
  readonly argv: readonly string[];
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Exits immediately. */
  exit(code: number): never;
  exitCode?: number | string | null | undefined;
}

const DEFAULT_COLUMNS = 80;

/**
 * Returns the width of an output in columns; undefined if it is no terminal and COLUMNS is not set.
 *
 * @param env - environment that may have COLUMNS.
 */
export function columnsOf({ columns, isTTY }: Output, env: NodeJS.ProcessEnv): number | undefined {
  if (columns !== undefined && columns > 0) return columns;
  const given = Number(env.COLUMNS);
  if (Number.isInteger(given) && given > 0) return given;
  // Some terminals report zero columns.
  return isTTY ? DEFAULT_COLUMNS : undefined;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Signals that end a command. */
export type TerminationSignal = (typeof SIGNALS)[number];

/** Source of process signals. */
export interface SignalSource {
  on<Signal extends TerminationSignal | 'SIGHUP'>(
    signal: Signal,
    listener: (signal: Signal) => void,
  ): unknown;
  off<Signal extends TerminationSignal | 'SIGHUP'>(
    signal: Signal,
    listener: (signal: Signal) => void,
  ): unknown;
}

/**
 * Calls `listener` at every SIGINT and SIGTERM, instead of their default action.
 *
 * @returns a function that restores the default.
 */
export function onTermination(
  source: SignalSource,
  listener: (signal: TerminationSignal) => void,
): () => void {
  for (const signal of SIGNALS) source.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) source.off(signal, listener);
  };
}

/** Exit code of a process that a signal ended, by the convention of shells. */
export function signalExitCode(signal: TerminationSignal): number {
  return 128 + constants.signals[signal];
}

/** Abort reason after Ctrl-C or SIGTERM. */
export class Interrupted extends Error {}

/**
 * Runs `work` with a signal that Ctrl-C and SIGTERM abort.
 *
 * @throws Interrupted after such a signal; errors of the work.
 */
export async function interruptible<Result>(
  source: SignalSource,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interrupting = new AbortController();
  const stopListening = onTermination(source, () => interrupting.abort(new Interrupted()));
  try {
    return await work(interrupting.signal);
  } finally {
    stopListening();
  }
}
