import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Schema } from '../../schema/index.js';
import type { Authorization } from '../../server/index.js';
import { UsageError } from '../failures/usage-error.js';

/** Who may call. */
export interface AuthOptions {
  readonly auth?: string;
}

/** Adds `--auth`. */
export function withAuthOptions(command: Command): Command {
  return command.option(
    '--auth <file>',
    'YAML that says who may call and do what, by bearer tokens; without it everybody may do everything',
  );
}

/**
 * What `--auth` says; undefined without it.
 *
 * @throws UsageError with all that is wrong, a line for each fault.
 */
export async function authorization(
  { auth: file }: AuthOptions,
  schema: Schema,
): Promise<Authorization | undefined> {
  if (file === undefined) return undefined;
  const { parseAuthFile, ScriptError } = await import('../../testing/server/faking.js');
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`the file of --auth cannot be read: ${cause.message}`, { cause });
  });
  try {
    return await parseAuthFile(text, { file, schema });
  } catch (cause) {
    if (cause instanceof ScriptError) throw new UsageError(cause.message.split('\n'), { cause });
    const { StatusError } = await import('../../index.js');
    const { message } = StatusError.from(cause);
    throw new UsageError(`${file} cannot be used: ${message}`, { cause });
  }
}
