import { createFileRegistry } from '@bufbuild/protobuf';
import type { Schema } from './schema.js';

/** The schema of all that some schemas declare. What several declare, they declare alike. */
export function mergeSchemas(schemas: readonly Schema[]): Schema {
  return {
    files: schemas.flatMap(({ files }) => files),
    registry: createFileRegistry(...schemas.map(({ registry }) => registry)),
    services: schemas.flatMap(({ services }) => services),
    methods: schemas.flatMap(({ methods }) => methods),
    annotationOf: (method) =>
      schemas.find(({ registry }) => registry.getService(method.parent.typeName))?.annotationOf(method),
  };
}
