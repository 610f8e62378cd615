import { readFile } from 'node:fs/promises';
import type { Schema } from '../schema/index.js';
import { exampleService, parseScript, type Script } from '../testing/index.js';
import { UsageError } from './failure.js';
import type { ProtoOptions } from './options.js';
import { schemaOf, usage } from './protos.js';

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
    throw new UsageError(
      `no method of ${options.proto.join(', ')} returns google.longrunning.Operation: name a proto with one that does`,
    );
  }
  if (options.script === undefined) return { schema, script: example?.script };
  return { schema, script: await usage(readScript(options.script, schema)) };
}

async function readScript(file: string, schema: Schema): Promise<Script> {
  return parseScript(await readFile(file, 'utf8'), { file, schema });
}
