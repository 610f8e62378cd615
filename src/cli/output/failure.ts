import type { CommanderError } from 'commander';
import type { StatusError } from '../../index.js';
import { printable } from './terminal-text.js';

/** Exit codes of the command line, as `--help` documents them. */
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

/** Explanation of the exit codes in `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0  succeeded; of a command that waits: the operation did
  1  the operation failed (commands that wait)
  2  wrong usage, or the server could not start
  3  the operation was cancelled (commands that wait)
  4  gave up waiting, by --timeout or Ctrl-C: the operation continues
  5  an RPC failed
  6  internal error: a fault of this program
`;

/** A mistake of the user: printed as one line per fault, with exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
  readonly faults: readonly string[];

  constructor(fault: string | readonly string[], options?: ErrorOptions) {
    const faults = typeof fault === 'string' ? [fault] : fault;
    super(faults.join('\n'), options);
    this.faults = faults;
  }
}

/** Exit code and message of a failed command. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** Text for standard error, one line per fault; undefined if everything has been printed. */
  readonly text: string | undefined;
}

/**
 * Converts anything that a command throws. The text has no stack trace, which would not help the user.
 *
 * @param address - server address to name if the server cannot be reached.
 */
export async function failureOf(thrown: unknown, address: string): Promise<Failure> {
  if (thrown instanceof UsageError) {
    return { exitCode: ExitCode.USAGE, text: thrown.faults.map(oneLine).join('\n') };
  }
  const fault = await rpcFault(thrown, address);
  if (fault !== undefined) return { exitCode: ExitCode.RPC_FAILED, text: oneLine(fault) };
  return { exitCode: ExitCode.INTERNAL_ERROR, text: oneLine(`internal error: ${String(thrown)}; report it`) };
}

/**
 * Converts an error of commander, which throws for `--help` and `--version` too, then with exit code 0.
 *
 * @param command - command whose help to refer to: `longrunning` or `longrunning start`.
 */
export function commanderFailure({ code, exitCode, message }: CommanderError, command: string): Failure {
  if (exitCode === 0) return { exitCode: ExitCode.SUCCEEDED, text: undefined };
  if (code === 'commander.help') return { exitCode: ExitCode.USAGE, text: undefined };
  const fault = message.replace(/^error: /, '').replace(/\.$/, '');
  return { exitCode: ExitCode.USAGE, text: `${oneLine(fault)}: see ${command} --help` };
}

/**
 * Converts an `HttpRuleError` to a usage error that names the files.
 *
 * @param files - protos with the rules; the error itself names a service configuration.
 * @param remedy - alternative to correcting the rule.
 */
export function badRule(error: Error, files: readonly string[], remedy: string): UsageError {
  const fault = `HTTP rules of ${files.join(', ')} cannot be served: ${error.message}`;
  return new UsageError(`${fault}; or ${remedy}`, { cause: error });
}

/** Formats a message as one line of standard error. */
export function oneLine(message: string): string {
  return `longrunning: ${printable(message.replace(/\s*\n\s*/g, ' '))}`;
}

/** Message of a thrown value, for use in a {@link UsageError}. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Describes a failed RPC and the next step; resolves to undefined for any other error.
 *
 * @param address - configured address of the server.
 */
async function rpcFault(thrown: unknown, address: string): Promise<string | undefined> {
  // Loading the client takes long: usage errors are printed without it.
  const { codeName, connectionFault, StatusError } = await import('../../index.js');
  if (!(thrown instanceof StatusError)) return undefined;
  const fault = connectionFault(thrown);
  if (fault) {
    return `UNAVAILABLE: no connection to ${address}: ${fault.reason}: ${connectingAdvice(fault.reason, address)}`;
  }
  const { code, message, details } = thrown;
  const name = codeName(code);
  // grpc-js and OpenSSL end some messages with an empty label.
  const trimmed = message.replace(/(?:\. Resolution note)?[: ]+$/, '');
  return `${name}: ${trimmed}${adviceOn(name, { details, message: trimmed }, address)}`;
}

function adviceOn(
  code: string,
  { details, message }: Pick<StatusError, 'details' | 'message'>,
  address: string,
) {
  switch (code) {
    case 'UNAVAILABLE':
      // Details come from the server, so it was reached and says what to do.
      return details.length > 0 ? '' : `: ${connectingAdvice(message, address)}`;
    case 'DEADLINE_EXCEEDED':
      return `: check the server at ${address}, or give a longer --timeout`;
    case 'UNAUTHENTICATED':
      return '; give a token that is good there, by --token or LONGRUNNING_TOKEN';
    default:
      return '';
  }
}

/** Advice on failures to connect, by messages of OpenSSL, Node and grpc-js. */
const CONNECTING_ADVICE: readonly (readonly [RegExp, (address: string) => string])[] = [
  [
    /wrong version number/,
    (address) => `server at ${address} speaks no TLS: leave out https://, or give --insecure`,
  ],
  [/speaks TLS/, (address) => `write https:// before ${address}, or name its certificate by --ca`],
  [/alert certificate required/, (address) => `server at ${address} asks who you are: give --cert and --key`],
  [/match certificate's altnames/, (address) => `name the server at ${address} as its certificate does`],
  [/resolution failed|ENOTFOUND|EAI_AGAIN/, () => 'check the host name of --address'],
  [/certificate (?:has expired|is not yet valid)/, (address) => `renew the certificate of ${address}`],
  [/certificate/i, (address) => `name the authority that vouches for ${address} by --ca`],
  // A TLS server closes a plain-text connection without a message.
  [
    /Failed to connect/,
    (address) => `check that ${address} is a gRPC server; if it speaks TLS, write https:// before it`,
  ],
];

function connectingAdvice(message: string, address: string): string {
  const [, advice] = CONNECTING_ADVICE.find(([pattern]) => pattern.test(message)) ?? [];
  return advice?.(address) ?? `check that a server runs at ${address}, or give another --address`;
}
