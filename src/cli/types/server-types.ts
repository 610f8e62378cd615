import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { type Schema, schemaOfFiles } from '../../schema/index.js';
import type { ReflectionClient } from './reflection-client.js';

type Reflection = Pick<ReflectionClient, 'services' | 'filesWithSymbol' | 'filesNamed'>;

/**
 * The types of a server, by its reflection: got when they are needed, each once. A server that has no reflection, or
 * no answer, has no types.
 */
export class ServerTypes {
  readonly #reflection: Reflection;
  readonly #files = new Map<string, FileDescriptorProto>();
  readonly #lookups = new Map<string, Promise<void>>();
  #turn: Promise<unknown> = Promise.resolve();
  #built: { readonly files: number; readonly schema: Schema | undefined } | undefined;

  constructor(reflection: Reflection) {
    this.#reflection = reflection;
  }

  /** The schema of all that is known, the types of these full names among it if the server has them. */
  having(fullNames: readonly string[]): Promise<Schema | undefined> {
    // One after the other: the schema is made once all that a file imports is there.
    const having = this.#turn.then(async () => {
      await Promise.all(fullNames.map((name) => this.#lookUp(name)));
      return this.#schema();
    });
    this.#turn = having;
    return having;
  }

  /** The schema with every service of the server. */
  async ofServices(): Promise<Schema | undefined> {
    const services = await this.#reflection.services().catch(() => []);
    return this.having(services);
  }

  #lookUp(fullName: string): Promise<void> {
    const known = this.#lookups.get(fullName);
    if (known) return known;
    const registry = this.#built?.schema?.registry;
    if (registry?.getMessage(fullName) || registry?.getService(fullName)) return Promise.resolve();
    const lookup = this.#add(this.#reflection.filesWithSymbol(fullName));
    this.#lookups.set(fullName, lookup);
    return lookup;
  }

  /** Adds files, and what they import as far as the server gives it. */
  async #add(answer: Promise<readonly FileDescriptorProto[]>): Promise<void> {
    const files = await answer.catch(() => []);
    for (const file of files) if (!this.#files.has(file.name)) this.#files.set(file.name, file);
    const imports = new Set(files.flatMap(({ dependency }) => dependency));
    const missing = [...imports].filter((name) => !this.#files.has(name) && !this.#lookups.has(name));
    await Promise.all(
      missing.map((name) => {
        const lookup = this.#add(this.#reflection.filesNamed(name));
        this.#lookups.set(name, lookup);
        return lookup;
      }),
    );
  }

  #schema(): Schema | undefined {
    const files = this.#files.size;
    if (this.#built?.files !== files)
      this.#built = { files, schema: schemaOrNone([...this.#files.values()]) };
    return this.#built.schema;
  }
}

/** Files that make no sense are for the owner of the server to see, and not for who looks at an operation. */
function schemaOrNone(files: readonly FileDescriptorProto[]): Schema | undefined {
  if (files.length === 0) return undefined;
  try {
    return schemaOfFiles(files);
  } catch {
    return undefined;
  }
}
