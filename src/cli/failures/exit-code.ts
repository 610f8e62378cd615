/** How the command line ends; what `--help` documents. */
export const ExitCode = {
  SUCCEEDED: 0,
  OPERATION_FAILED: 1,
  USAGE: 2,
  OPERATION_CANCELLED: 3,
  GAVE_UP_WAITING: 4,
  RPC_FAILED: 5,
  INTERNAL_ERROR: 6,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The part of `--help` that explains them. */
export const EXIT_CODES_HELP = `
Exit codes:
  0  succeeded; of a command that waits: the operation did
  1  the operation failed (commands that wait)
  2  wrong usage, or the server could not begin
  3  the operation was cancelled (commands that wait)
  4  gave up waiting: the operation goes on
  5  an RPC failed
  6  internal error: a fault of this program
`;
