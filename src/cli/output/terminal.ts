import { constants } from 'node:os';

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

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export type TerminationSignal = (typeof SIGNALS)[number];

/** The part of `process` that tells of signals. */
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
 * Calls `listener` at every SIGINT and SIGTERM, in place of what they usually do, until the function returned is
 * called.
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

/** The exit code of a process that a signal ended, as shells have it. */
export function signalExitCode(signal: TerminationSignal): number {
  return 128 + constants.signals[signal];
}

/** Somebody wants the command to end: Ctrl-C, or SIGTERM. The reason of its signal. */
export class Interrupted extends Error {}

/**
 * Does some work that Ctrl-C ends.
 *
 * @throws Interrupted when it did, and whatever the work throws.
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
