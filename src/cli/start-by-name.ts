import { awaitOutcome } from './await-outcome.js';
import { ExitCode } from './exit-code.js';
import { resolveMethod } from './method-name.js';
import { printable } from './output/printable.js';
import { readRequest } from './request-json.js';
import type { Session } from './session.js';
import { startOperation } from './start-operation.js';

/** What to start, as somebody wrote it. */
export interface StartArguments {
  /** `package.Service/Method`, or an end of it. */
  readonly name: string;
  /** The request: ProtoJSON, `@file`, or `-`. */
  readonly json: string;
  /** Whether to wait for the operation to end. */
  readonly wait: boolean;
}

/**
 * Starts an operation, and prints it or what became of it.
 *
 * @throws UsageError when there is no such method, or the request is none of its own.
 */
export async function startByName(session: Session, { name, json, wait }: StartArguments): Promise<ExitCode> {
  const { stdin, stdout } = session.terminal;
  const schema = await session.schema();
  const method = resolveMethod(schema, name);
  const request = await readRequest(method, { argument: json, stdin, schema });
  const operation = await startOperation(method, request, session);
  if (wait) {
    if (!session.options.json) stdout.write(`started ${printable(operation.name)}\n`);
    return awaitOutcome(session, operation.name);
  }
  await session.printOperation(operation);
  return ExitCode.SUCCEEDED;
}
