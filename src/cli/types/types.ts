import { readFile } from 'node:fs/promises';
import { typeName } from '../../core/any.js';
import type { Operation } from '../../index.js';
import { loadSchema, mergeSchemas, type Schema, SchemaError, schemaOf } from '../../schema/index.js';
import type { Connection } from '../connection/connection.js';
import type { CallingOptions, ProtoOptions, TypeOptions } from '../options/options.js';
import { messageOf, UsageError } from '../output/failure.js';
import type { ReflectionClient, ServerTypes } from './server-types.js';

/**
 * Message types that a command knows: those of `--proto` and `--descriptors`. Without these options, they are the
 * types that the server reports by reflection, and those of the example service.
 */
export class Types implements Disposable {
  readonly #given: Schema;
  readonly #reflection: ReflectionClient | undefined;
  readonly #ofServer: ServerTypes | undefined;
  /** Cache of merged schemas: merging takes longer than showing one of a page of 1000 operations. */
  readonly #merges = new WeakMap<Schema, Schema>();

  private constructor(
    given: Schema,
    reflection: ReflectionClient | undefined,
    ofServer: ServerTypes | undefined,
  ) {
    this.#given = given;
    this.#reflection = reflection;
    this.#ofServer = ofServer;
  }

  /** Reads the given files. @throws UsageError if one cannot be read. */
  static async open(
    options: CallingOptions,
    connection: Connection,
    timeLeftMs: () => number | undefined,
  ): Promise<Types> {
    const given = await givenSchema(options);
    // Google's APIs have no reflection.
    if (isGiven(options) || options.google) return new Types(given, undefined, undefined);
    const { ReflectionClient, ServerTypes } = await import('./server-types.js');
    const reflection = new ReflectionClient(connection, timeLeftMs);
    return new Types(given, reflection, new ServerTypes(reflection));
  }

  /** Resolves to a schema with the types in an operation, as far as they are known. */
  async ofOperation(operation: Operation): Promise<Schema> {
    const unknown = typeNamesIn(operation).filter((name) => !this.#given.registry.getMessage(name));
    if (unknown.length === 0) return this.#given;
    return this.#merged(await this.#ofServer?.having(unknown));
  }

  /** Resolves to a schema with the named method, if the server reports it. The name may be partial. */
  async ofMethod(name: string): Promise<Schema> {
    const [service = ''] = name.replace(/^\//, '').split('/');
    const named = name.includes('/') ? await this.#ofServer?.having([service]) : undefined;
    if (named?.registry.getService(service)) return this.#merged(named);
    return this.#merged(await this.#ofServer?.ofServices());
  }

  [Symbol.dispose](): void {
    this.#reflection?.[Symbol.dispose]();
  }

  /** Merges the types of the server with the given ones. Those of the server take precedence. */
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

/** Returns true if the user named types. */
function isGiven({ proto, descriptors }: TypeOptions): boolean {
  return proto.length > 0 || descriptors.length > 0;
}

/** Proto to read if none is named: that of the service that `serve` fakes by default. */
const EXAMPLE_PROTO = 'example/reports/v1/reports.proto';

/**
 * Loads the protos that `--proto` names; without any, those of the example service.
 *
 * @throws UsageError if they cannot be read.
 */
export async function schemaOfProtos({ proto, include }: ProtoOptions): Promise<Schema> {
  const files = proto.length === 0 ? [EXAMPLE_PROTO] : proto;
  try {
    return await loadSchema({ files, includeDirs: include });
  } catch (error) {
    // Mistakes in files that the user names are usage errors.
    throw error instanceof SchemaError ? new UsageError(error.message, { cause: error }) : error;
  }
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
