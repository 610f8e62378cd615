import { readFile } from 'node:fs/promises';
import type { Schema } from '../schema/index.js';
import { exampleService, parseScript, type Script, ScriptError } from '../testing/index.js';
import type { ProtoOptions } from './options.js';
import { schemaOf } from './protos.js';
import { UsageError } from './usage-error.js';

/** What a server fakes, and how operations go there. */
export interface ServedProtos {
  readonly schema: Schema;
  /** Undefined: as the defaults have it. */
  readonly script: Script | undefined;
}

/**
 * The protos and the script that the options name; the example service and its script when they name none.
 *
 * @throws UsageError that says what is wrong in which file.
 */
export async function servedProtos(
  options: ProtoOptions & { readonly script?: string },
): Promise<ServedProtos> {
  const example = options.proto.length === 0 ? await exampleService() : undefined;
  const schema = example?.schema ?? (await schemaOf(options));
  if (schema.methods.length === 0) {
    const complaint = `no method of ${options.proto.join(', ')} returns google.longrunning.Operation`;
    throw new UsageError(`${complaint}: name a proto with one that does`);
  }
  if (options.script === undefined) return { schema, script: example?.script };
  return { schema, script: await readScript(options.script, schema) };
}

async function readScript(file: string, schema: Schema): Promise<Script> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`the script cannot be read: ${cause.message}`, { cause });
  });
  try {
    return parseScript(text, { file, schema });
  } catch (error) {
    throw error instanceof ScriptError ? new UsageError(error.message.split('\n'), { cause: error }) : error;
  }
}
