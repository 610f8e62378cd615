import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import type { LongRunningMethod, Schema } from '../../schema/index.js';
import { messageOf, UsageError } from '../failures/usage-error.js';

/** What is needed to read the request of a method. */
export interface RequestSource {
  /** The JSON itself, `@file`, or `-` for standard input. */
  readonly argument: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly schema: Schema;
}

/**
 * Reads the request of a method from the ProtoJSON on the command line.
 *
 * @throws UsageError when the file cannot be read, the text is no JSON, or it has fields that the message has
 * not: a slip of the hand must not start the wrong thing.
 */
export async function readRequest(
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
