import { createFileRegistry } from '@bufbuild/protobuf';
import type { Schema } from './schema.js';

/** Merges schemas. If several declare the same name, the first one wins. */
export function mergeSchemas(schemas: readonly Schema[]): Schema {
  return {
    files: schemas.flatMap(({ files }) => files),
    // In a registry, the last one wins.
    registry: createFileRegistry(...schemas.map(({ registry }) => registry).reverse()),
    services: schemas.flatMap(({ services }) => services),
    methods: schemas.flatMap(({ methods }) => methods),
    annotationOf: (method) =>
      schemas
        .find(({ registry }) => registry.getService(method.parent.typeName) === method.parent)
        ?.annotationOf(method),
  };
}
