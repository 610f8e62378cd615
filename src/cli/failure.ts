import { CommanderError } from 'commander';
import { Code, codeName, StatusError } from '../index.js';
import { ExitCode } from './exit-code.js';
import { printable } from './output/printable.js';

/** An error of the person at the keyboard: told in one line, and exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** How a failed command ends. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** One line for standard error; undefined when all has been said. */
  readonly line: string | undefined;
}

/**
 * Says in one line what went wrong. No stack: it would tell the person at the keyboard nothing.
 *
 * @param address - where the server should be, for when it is not.
 */
export function failureOf(thrown: unknown, address: string): Failure {
  if (thrown instanceof CommanderError) return commanderFailure(thrown);
  if (thrown instanceof UsageError) return { exitCode: ExitCode.USAGE, line: oneLine(thrown.message) };
  const { code, message } = StatusError.from(thrown);
  // grpc-js ends some messages with a label that nothing follows.
  const fault = message.replace(/\. Resolution note: $/, '');
  const line = oneLine(`${codeName(code)}: ${fault}${adviceOn(code, address)}`);
  return { exitCode: ExitCode.RPC_FAILED, line };
}

/** `--help` and `--version` come as errors too, with exit code 0. */
function commanderFailure({ code, exitCode, message }: CommanderError): Failure {
  if (exitCode === 0) return { exitCode: ExitCode.SUCCEEDED, line: undefined };
  if (code === 'commander.help') return { exitCode: ExitCode.USAGE, line: undefined };
  const fault = message.replace(/^error: /, '').replace(/\.$/, '');
  return { exitCode: ExitCode.USAGE, line: `${oneLine(fault)}: see longrunning --help` };
}

function adviceOn(code: Code, address: string): string {
  if (code === Code.UNAVAILABLE) return `: check that a server runs at ${address}, or give another --address`;
  if (code === Code.DEADLINE_EXCEEDED) return `: check the server at ${address}, or give a longer --timeout`;
  return '';
}

function oneLine(message: string): string {
  return `longrunning: ${printable(message.replace(/\s*\n\s*/g, ' '))}`;
}
