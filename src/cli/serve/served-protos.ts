import { readFile } from 'node:fs/promises';
import type { ServiceConfigFile } from '../../gateway/index.js';
import type { Schema } from '../../schema/index.js';
import { exampleService, parseScript, type Script, ScriptError } from '../../testing/server/faking.js';
import { UsageError } from '../failures/usage-error.js';
import type { ProtoOptions } from '../options/options.js';
import { schemaOf } from '../types/protos.js';

/** What a server fakes, and how operations go there. */
export interface ServedProtos {
  readonly schema: Schema;
  /** Undefined: as the defaults have it. */
  readonly script: Script | undefined;
  /** Says under which HTTP paths, before what the protos say. */
  readonly serviceConfig: ServiceConfigFile | undefined;
}

/** The options that say what to serve. */
export interface ServedFiles extends ProtoOptions {
  readonly script?: string;
  readonly serviceConfig?: string;
}

/**
 * The protos and the script that the options name; the example service and its script when they name none.
 *
 * @throws UsageError that says what is wrong in which file.
 */
export async function servedProtos(options: ServedFiles): Promise<ServedProtos> {
  const example = options.proto.length === 0 ? await exampleService() : undefined;
  const schema = example?.schema ?? (await fakedSchema(options));
  const script = options.script === undefined ? example?.script : await readScript(options.script, schema);
  const { serviceConfig: file } = options;
  const serviceConfig =
    file === undefined ? undefined : { file, text: await readText(file, 'service config') };
  return { schema, script, serviceConfig };
}

/**
 * The protos to be faked.
 *
 * @throws UsageError when they cannot be read, or none of their methods starts operations.
 */
export async function fakedSchema(options: ProtoOptions): Promise<Schema> {
  const schema = await schemaOf(options);
  if (schema.methods.length > 0) return schema;
  const complaint = `no method of ${options.proto.join(', ')} returns google.longrunning.Operation`;
  throw new UsageError(`${complaint}: name a proto with one that does`);
}

/**
 * Reads the script that a file has.
 *
 * @throws UsageError with all that is wrong, a line for each fault.
 */
export async function readScript(file: string, schema: Schema): Promise<Script> {
  const text = await readText(file, 'script');
  try {
    return parseScript(text, { file, schema });
  } catch (error) {
    throw error instanceof ScriptError ? new UsageError(error.message.split('\n'), { cause: error }) : error;
  }
}

function readText(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`the ${what} cannot be read: ${cause.message}`, { cause });
  });
}
