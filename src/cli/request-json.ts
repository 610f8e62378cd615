import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { MessageType } from '../index.js';
import { UsageError } from './failure.js';

/**
 * Reads a request message from the JSON on the command line: the text itself, `@file`, or `-` for standard
 * input.
 *
 * @throws UsageError when the file cannot be read, the text is no JSON, or it does not fit the message.
 */
export async function readRequest<Message>(
  type: MessageType<Message>,
  argument: string,
  stdin: NodeJS.ReadableStream,
): Promise<Message> {
  const json = parseJson(await readArgument(argument, stdin));
  try {
    return type.fromJSON(json);
  } catch (cause) {
    throw new UsageError(`the request is no ${type.$type}: ${messageOf(cause)}`, { cause });
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

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const advice = `write it as '{"parent": "…"}', or as @file, or as - for standard input`;
    throw new UsageError(`the request is no JSON (${messageOf(cause)}): ${advice}`, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
