import { loadSchema, type Schema, SchemaError } from '../../schema/index.js';
import { UsageError } from '../failures/usage-error.js';
import type { ProtoOptions } from '../options/options.js';

/** What is spoken of when no proto is named: the service that `serve` alone serves. */
const EXAMPLE_PROTO = 'example/reports/v1/reports.proto';

/**
 * The protos that `--proto` names; without any, those of the example service.
 *
 * @throws UsageError when they cannot be read.
 */
export async function schemaOf({ proto, include }: ProtoOptions): Promise<Schema> {
  const files = proto.length === 0 ? [EXAMPLE_PROTO] : proto;
  try {
    return await loadSchema({ files, includeDirs: include });
  } catch (error) {
    // What is wrong with files that somebody named is for that person to put right.
    throw error instanceof SchemaError ? new UsageError(error.message, { cause: error }) : error;
  }
}
