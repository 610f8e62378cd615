import type { Schema } from './schema.js';

/** What {@link loadSchema} takes. */
export interface LoadSchemaOptions {
  /** The .proto files: paths, or names relative to an include directory. */
  readonly files: readonly string[];
  /**
   * Where imports are looked for. The protos of this package and of google-gax (`google/api`, `google/rpc`,
   * `google/type`, …) always follow.
   *
   * @defaultValue none
   */
  readonly includeDirs?: readonly string[];
}

/**
 * Loads .proto files.
 *
 * @throws SchemaError when a file is missing, an import does not resolve, the syntax is wrong, or the
 * `operation_info` of a method names no known types.
 */
export async function loadSchema(_options: LoadSchemaOptions): Promise<Schema> {
  throw new Error('coming');
}
