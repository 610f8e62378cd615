import type { Message } from '@bufbuild/protobuf';
import { Code, connectionFault, type Operation, StatusError } from '../../index.js';
import type { LongRunningMethod } from '../../schema/index.js';
import type { Session } from '../connection/session.js';
import { ExitCode } from '../failures/exit-code.js';
import { oneLine } from '../failures/failure.js';
import { printable } from '../output/printable.js';
import { resolveMethod } from '../types/method-name.js';
import { readRequest } from '../types/request-json.js';
import { awaitOutcome } from './await-outcome.js';
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
  const schema = await (await session.types()).ofMethod(name);
  const method = resolveMethod(schema, name);
  const request = await readRequest(method, { argument: json, stdin, schema });
  if (!wait) {
    const { timeoutMs } = session.timeLeft;
    await session.printOperation(await startOperation(method, request, session, timeoutMs));
    return ExitCode.SUCCEEDED;
  }
  const operation = await startInTime(session, method, request);
  if (!operation) return ExitCode.GAVE_UP_WAITING;
  if (!session.options.json) stdout.write(`started ${printable(operation.name)}\n`);
  return awaitOutcome(session, operation.name, operation);
}

/** Time that starting has in any case: whoever gives up sooner does not learn the name of what may have been started. */
const LEAST_START_MS = 1000;

/** The operation; undefined when `--timeout` passed without one, which standard error tells. */
async function startInTime(
  session: Session,
  method: LongRunningMethod,
  request: Message,
): Promise<Operation | undefined> {
  const { timeoutMs } = session.timeLeft;
  if (timeoutMs === undefined) return startOperation(method, request, session);
  try {
    return await startOperation(method, request, session, Math.max(LEAST_START_MS, timeoutMs));
  } catch (error) {
    const fault = connectionFault(error);
    const late = error instanceof StatusError && error.code === Code.DEADLINE_EXCEEDED;
    if (!late || (fault && !fault.connecting)) throw error;
    const what = `gave up waiting, no answer from ${session.options.address}`;
    const advice = fault
      ? 'nothing was started'
      : 'it may have been started, longrunning list shows what there is';
    session.terminal.stderr.write(`${oneLine(`${what}: ${advice}`)}\n`);
    return undefined;
  }
}
