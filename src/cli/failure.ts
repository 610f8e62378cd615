import { CommanderError } from 'commander';
import { Code, codeName, StatusError } from '../index.js';
import { ExitCode } from './exit-code.js';
import { printable } from './output/printable.js';

/** An error of the person at the keyboard: told in one line for each fault, and exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
  readonly faults: readonly string[];

  constructor(fault: string | readonly string[], options?: ErrorOptions) {
    const faults = typeof fault === 'string' ? [fault] : fault;
    super(faults.join('\n'), options);
    this.faults = faults;
  }
}

/** How a failed command ends. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For standard error: a line, or a line for each fault; undefined when all has been said. */
  readonly text: string | undefined;
}

/**
 * Says what went wrong, in one line where it is one thing. No stack: it would tell the person at the keyboard nothing.
 *
 * @param address - where the server should be, for when it is not.
 */
export function failureOf(thrown: unknown, address: string): Failure {
  if (thrown instanceof CommanderError) return commanderFailure(thrown);
  if (thrown instanceof UsageError) {
    return { exitCode: ExitCode.USAGE, text: thrown.faults.map(oneLine).join('\n') };
  }
  const { code, message } = StatusError.from(thrown);
  // grpc-js ends some messages with a label that nothing follows.
  const fault = message.replace(/\. Resolution note: $/, '');
  const text = oneLine(`${codeName(code)}: ${fault}${adviceOn(code, address)}`);
  return { exitCode: ExitCode.RPC_FAILED, text };
}

/** `--help` and `--version` come as errors too, with exit code 0. */
function commanderFailure({ code, exitCode, message }: CommanderError): Failure {
  if (exitCode === 0) return { exitCode: ExitCode.SUCCEEDED, text: undefined };
  if (code === 'commander.help') return { exitCode: ExitCode.USAGE, text: undefined };
  const fault = message.replace(/^error: /, '').replace(/\.$/, '');
  return { exitCode: ExitCode.USAGE, text: `${oneLine(fault)}: see longrunning --help` };
}

function adviceOn(code: Code, address: string): string {
  if (code === Code.UNAVAILABLE) return `: check that a server runs at ${address}, or give another --address`;
  if (code === Code.DEADLINE_EXCEEDED) return `: check the server at ${address}, or give a longer --timeout`;
  return '';
}

function oneLine(message: string): string {
  return `longrunning: ${printable(message.replace(/\s*\n\s*/g, ' '))}`;
}
