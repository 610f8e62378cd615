import { createFileRegistry } from '@bufbuild/protobuf';
import type { Schema } from './schema.js';

/** The schema of all that some schemas declare. What several declare is as the first of them has it. */
export function mergeSchemas(schemas: readonly Schema[]): Schema {
  return {
    files: schemas.flatMap(({ files }) => files),
    // To a registry the last one counts.
    registry: createFileRegistry(...schemas.map(({ registry }) => registry).reverse()),
    services: schemas.flatMap(({ services }) => services),
    methods: schemas.flatMap(({ methods }) => methods),
    annotationOf: (method) =>
      schemas
        .find(({ registry }) => registry.getService(method.parent.typeName) === method.parent)
        ?.annotationOf(method),
  };
}
