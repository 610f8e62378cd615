import { readFile } from 'node:fs/promises';
import { type Operation, typeName } from '../../index.js';
import { mergeSchemas, type Schema, SchemaError, schemaOf } from '../../schema/index.js';
import type { Connection } from '../connection/connection.js';
import { messageOf, UsageError } from '../failures/usage-error.js';
import type { CallingOptions, TypeOptions } from '../options/options.js';
import { schemaOf as schemaOfProtos } from './protos.js';
import type { ReflectionClient } from './reflection-client.js';
import { ServerTypes } from './server-types.js';

/**
 * The types that a command reads and writes by: those of `--proto` and `--descriptors`; without them those of the
 * server by its reflection, and of the example service.
 */
export class Types implements Disposable {
  readonly #given: Schema;
  readonly #reflection: ReflectionClient | undefined;
  readonly #ofServer: ServerTypes | undefined;
  /** Merging takes longer than showing an operation, of which a page has a thousand. */
  readonly #merges = new WeakMap<Schema, Schema>();

  private constructor(given: Schema, reflection: ReflectionClient | undefined) {
    this.#given = given;
    this.#reflection = reflection;
    this.#ofServer = reflection && new ServerTypes(reflection);
  }

  /** @throws UsageError when a file cannot be read. */
  static async open(
    options: CallingOptions,
    connection: Connection,
    timeLeftMs: () => number | undefined,
  ): Promise<Types> {
    const given = await givenSchema(options);
    // APIs of Google have no reflection.
    if (isGiven(options) || options.google) return new Types(given, undefined);
    const { ReflectionClient } = await import('./reflection-client.js');
    return new Types(given, new ReflectionClient(connection, timeLeftMs));
  }

  /** The schema to show an operation by. */
  async ofOperation(operation: Operation): Promise<Schema> {
    const unknown = typeNamesIn(operation).filter((name) => !this.#given.registry.getMessage(name));
    if (unknown.length === 0) return this.#given;
    return this.#merged(await this.#ofServer?.having(unknown));
  }

  /** The schema with the method of that name, written in full or in part, if the server tells of it. */
  async ofMethod(name: string): Promise<Schema> {
    const [service = ''] = name.replace(/^\//, '').split('/');
    const named = name.includes('/') ? await this.#ofServer?.having([service]) : undefined;
    if (named?.registry.getService(service)) return this.#merged(named);
    return this.#merged(await this.#ofServer?.ofServices());
  }

  [Symbol.dispose](): void {
    this.#reflection?.[Symbol.dispose]();
  }

  /** What the server says of itself comes first. */
  #merged(ofServer: Schema | undefined): Schema {
    if (!ofServer) return this.#given;
    const known = this.#merges.get(ofServer);
    if (known) return known;
    const names = new Set(ofServer.methods.map((method) => method.name));
    const given = {
      ...this.#given,
      methods: this.#given.methods.filter((method) => !names.has(method.name)),
    };
    const merged = mergeSchemas([ofServer, given]);
    this.#merges.set(ofServer, merged);
    return merged;
  }
}

/** True if somebody named types. */
export function isGiven({ proto, descriptors }: TypeOptions): boolean {
  return proto.length > 0 || descriptors.length > 0;
}

async function givenSchema(options: TypeOptions): Promise<Schema> {
  const sets = await Promise.all(options.descriptors.map(readDescriptorSet));
  if (sets.length > 0 && options.proto.length === 0) return mergeSchemas(sets);
  return mergeSchemas([await schemaOfProtos(options), ...sets]);
}

async function readDescriptorSet(file: string): Promise<Schema> {
  const bytes = await readFile(file).catch((cause) => {
    throw new UsageError(`the descriptor set cannot be read: ${messageOf(cause)}`, { cause });
  });
  try {
    return schemaOf(bytes);
  } catch (cause) {
    throw cause instanceof SchemaError ? new UsageError(`${file}: ${cause.message}`, { cause }) : cause;
  }
}

function typeNamesIn({ metadata, result }: Operation): string[] {
  const packed = [
    ...(metadata ? [metadata] : []),
    ...(result?.$case === 'response' ? [result.value] : []),
    ...(result?.$case === 'error' ? result.value.details : []),
  ];
  return [...new Set(packed.map(typeName))].filter((name) => name !== '');
}
