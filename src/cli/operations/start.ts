import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';
import { Connection } from '../../client/calls/connection.js';
import { Code, connectionFault, type Operation, type OperationMethod, StatusError } from '../../index.js';
import { findMethodName, type LongRunningMethod, type Schema } from '../../schema/index.js';
import { OperationsService } from '../../server/index.js';
import type { Session } from '../connection/session.js';
import { ExitCode, messageOf, oneLine, UsageError } from '../output/failure.js';
import { printable } from '../output/terminal-text.js';
import { awaitOutcome } from './await-outcome.js';

/** Arguments of `longrunning start`. */
export interface StartArguments {
  /** Method as `package.Service/Method`, or a suffix of it. */
  readonly name: string;
  /** Request as ProtoJSON, `@file`, or `-` for standard input. */
  readonly json: string;
  /** Waits for the operation to end. */
  readonly wait: boolean;
}

/**
 * Starts an operation, and prints it or, after waiting, its outcome.
 *
 * @throws UsageError if the method is unknown or the request is malformed.
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

/** Minimum timeout of the starting call: after a timeout, the name of a started operation is lost. */
const MIN_START_MS = 1000;

/** Starts an operation within `--timeout`. Otherwise says so on standard error and resolves to undefined. */
async function startInTime(
  session: Session,
  method: LongRunningMethod,
  request: Message,
): Promise<Operation | undefined> {
  const { timeoutMs } = session.timeLeft;
  if (timeoutMs === undefined) return startOperation(method, request, session);
  try {
    return await startOperation(method, request, session, Math.max(MIN_START_MS, timeoutMs));
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

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Calls a method that starts an operation. The call is not retried, because that could start another operation.
 *
 * @throws StatusError with the details that the server sent.
 */
async function startOperation<Request>(
  method: OperationMethod<Request, unknown, unknown>,
  request: Request,
  { connection: { channel, headers } }: Session,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<Operation> {
  const deadline = Date.now() + timeoutMs;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(await headers(timeoutMs))) metadata.set(name, value);
  const connection = new Connection({
    target: channel.target,
    credentials: channel.credentials,
    // Loopback is never reached through a proxy.
    channelOptions: {
      'grpc.max_receive_message_length': -1,
      ...(channel.loopback && { 'grpc.enable_http_proxy': 0 }),
    },
    interceptors: [],
  });
  const definition = {
    path: method.path,
    requestSerialize: (message: Request) => Buffer.from(method.request.encode(message).finish()),
    // Methods that start an operation return the same message as GetOperation.
    responseDeserialize: OperationsService.getOperation.responseDeserialize,
  };
  return connection
    .call(definition, request, { metadata, deadline, signal: undefined })
    .finally(() => connection.close(new Error('start is over')));
}

/**
 * Finds the long-running method with a name: `package.Service/Method`, or an unambiguous suffix such as
 * `Service/Method`.
 *
 * @throws UsageError that lists the candidates, or suggests the most similar name.
 */
function resolveMethod(schema: Schema, name: string): LongRunningMethod {
  const byPath = new Map(schema.methods.map((method) => [method.path.slice(1), method]));
  const found = findMethodName(name, [...byPath.keys()], {
    complaint: 'is no known method that starts an operation',
    advice: 'name its file by --proto',
  });
  if ('fault' in found) throw new UsageError(found.fault);
  return byPath.get(found.name) as LongRunningMethod;
}

/** Sources for reading the request of a method. */
export interface RequestSource {
  /** JSON text, `@file`, or `-` for standard input. */
  readonly argument: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly schema: Schema;
}

/**
 * Reads the request of a method from the ProtoJSON on the command line.
 *
 * @throws UsageError if the file is unreadable, the text is no JSON, or it has unknown fields: a typo must not start
 * the wrong operation.
 */
async function readRequest(
  { descriptor: { input } }: LongRunningMethod,
  { argument, stdin, schema }: RequestSource,
): Promise<Message> {
  const json = parseJson(await readArgument(argument, stdin));
  try {
    return fromJson(input, json, { registry: schema.registry });
  } catch (cause) {
    throw new UsageError(`the request is no ${input.typeName}: ${messageOf(cause)}`, { cause });
  }
}

async function readArgument(argument: string, stdin: NodeJS.ReadableStream): Promise<string> {
  if (argument === '-') return text(stdin);
  if (!argument.startsWith('@')) return argument;
  try {
    return await readFile(argument.slice(1), 'utf8');
  } catch (cause) {
    throw new UsageError(`the request cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function parseJson(json: string): JsonValue {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const advice = `write it as '{"parent": "…"}', or as @file, or as - for standard input`;
    throw new UsageError(`the request is no JSON (${messageOf(cause)}): ${advice}`, { cause });
  }
}
