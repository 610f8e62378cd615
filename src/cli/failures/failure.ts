import { printable } from '../output/printable.js';
import { ExitCode } from './exit-code.js';
import { UsageError } from './usage-error.js';

/** How a failed command ends. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For standard error: a line, or a line for each fault; undefined when all has been said. */
  readonly text: string | undefined;
}

/**
 * Says what went wrong, in one line where it is one thing. No stack: it would tell the person at the keyboard
 * nothing.
 *
 * @param address - where the server should be, for when it is not.
 */
export async function failureOf(thrown: unknown, address: string): Promise<Failure> {
  if (thrown instanceof UsageError) {
    return { exitCode: ExitCode.USAGE, text: thrown.faults.map(oneLine).join('\n') };
  }
  // Wrong usage is told before all that RPCs need is loaded.
  const { rpcFault } = await import('./rpc-fault.js');
  const fault = rpcFault(thrown, address);
  if (fault !== undefined) return { exitCode: ExitCode.RPC_FAILED, text: oneLine(fault) };
  return { exitCode: ExitCode.INTERNAL_ERROR, text: oneLine(`internal error: ${String(thrown)}; report it`) };
}

/** As standard error shows it. */
export function oneLine(message: string): string {
  return `longrunning: ${printable(message.replace(/\s*\n\s*/g, ' '))}`;
}
