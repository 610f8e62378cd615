import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { GatewayOptions } from '../../gateway/index.js';
import type { Schema } from '../../schema/index.js';
import { exampleService, type ParsedScript, parseScript, ScriptError } from '../../testing/server/faking.js';
import type { ProtoOptions } from '../options/options.js';
import { UsageError } from '../output/failure.js';
import { schemaOfProtos } from '../types/types.js';
import type { ServedFiles } from './options.js';

/** Services that a server fakes, and the script of their operations. */
export interface ServedProtos {
  readonly schema: Schema;
  /** Undefined selects the default behavior. */
  readonly script: ParsedScript | undefined;
  /** HTTP rules that take precedence over those of the protos. */
  readonly serviceConfig: GatewayOptions['serviceConfig'];
}

/**
 * Reads the protos and the script that the options name; by default, the example service and its script.
 *
 * @throws UsageError that names the file and the fault.
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
 * Reads the protos to fake.
 *
 * @throws UsageError if they cannot be read, or none of their methods starts operations.
 */
export async function fakedSchema(options: ProtoOptions): Promise<Schema> {
  const schema = await schemaOfProtos(options);
  if (schema.methods.length > 0) return schema;
  const complaint = `no method of ${options.proto.join(', ')} returns google.longrunning.Operation`;
  throw new UsageError(`${complaint}: name a proto with one that does`);
}

/**
 * Reads a script.
 *
 * @throws UsageError with one line per fault.
 */
export async function readScript(file: string, schema: Schema): Promise<ParsedScript> {
  const text = await readText(file, 'script');
  try {
    return parseScript(text, { file, schema });
  } catch (error) {
    throw error instanceof ScriptError ? new UsageError(error.message.split('\n'), { cause: error }) : error;
  }
}

/**
 * Interval at which the file is polled by name. Unlike notifications of the system, polling notices if an editor
 * replaces the file, or if a symbolic link on its path changes.
 */
const POLL_MS = 200;

/** Debounce time: a file may be written in several pieces. */
const DEBOUNCE_MS = 100;

/**
 * Calls `listener` after each change, creation or removal of a file. Calls do not overlap.
 *
 * @param onFailure - receives rejections of the listener.
 * @returns a function that stops watching.
 */
export function onChange(
  file: string,
  listener: () => Promise<void>,
  onFailure: (error: unknown) => void,
): () => void {
  let debounce: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const changed: StatsListener = () => {
    clearTimeout(debounce);
    debounce = setTimeout(() => {
      running = running.then(listener).catch(onFailure);
    }, DEBOUNCE_MS);
  };
  watchFile(file, { interval: POLL_MS, persistent: false }, changed);
  return () => {
    clearTimeout(debounce);
    unwatchFile(file, changed);
  };
}

function readText(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`the ${what} cannot be read: ${cause.message}`, { cause });
  });
}
