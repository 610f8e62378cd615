import { loadSchema, type Schema } from '../schema/index.js';
import { exampleService, ScriptError } from '../testing/index.js';
import { UsageError } from './failure.js';
import type { ProtoOptions } from './options.js';

/**
 * The protos that `--proto` names; without any, those of the example service.
 *
 * @throws UsageError when they cannot be read.
 */
export async function schemaOf({ proto, include }: ProtoOptions): Promise<Schema> {
  if (proto.length === 0) return (await exampleService()).schema;
  return usage(loadSchema({ files: proto, includeDirs: include }));
}

/** What is wrong with files that somebody named is for that person to put right. */
export async function usage<T>(loaded: Promise<T>): Promise<T> {
  try {
    return await loaded;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(cause instanceof ScriptError ? message.split('\n') : message, { cause });
  }
}
