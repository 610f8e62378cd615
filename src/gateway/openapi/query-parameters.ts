import type { DescField } from '@bufbuild/protobuf';
import type { BoundFields } from '../routing/bound-fields.js';
import { isScalarInJson } from '../rules/scalar-in-json.js';
import type { Describing } from './describing.js';
import type { Parameter } from './openapi-objects.js';
import { parameterSchema } from './parameter-schema.js';

/** Omitted because every location is always reachable. The server answers 501 if the field is set (contract 30). */
const PARTIAL_SUCCESS = 'google.longrunning.ListOperationsRequest.return_partial_success';

/**
 * Lists the request fields that a query can set: scalars in JSON and lists of them, at any depth, with names
 * joined by dots. A recursive message is entered once.
 *
 * @param bound - fields that the path binds.
 */
export function queryParameters(
  fields: readonly DescField[],
  bound: BoundFields,
  describing: Describing,
): Parameter[] {
  const visit = (field: DescField, outer: readonly DescField[]): Parameter[] => {
    if (`${field.parent.typeName}.${field.name}` === PARTIAL_SUCCESS) return [];
    const path = [...outer, field];
    if (isQueryValue(field)) {
      const isBound = bound.overlaps(path.map(({ name }) => name).join('.'));
      return isBound ? [] : [queryParameter(field, path, describing)];
    }
    const type = field.fieldKind === 'message' ? field.message : undefined;
    if (!type || type.typeName.startsWith('google.protobuf.')) return [];
    const isRecursive = path.some(({ parent }) => parent === type);
    return isRecursive ? [] : type.fields.flatMap((inner) => visit(inner, path));
  };
  return fields.flatMap((field) => visit(field, []));
}

function queryParameter(
  field: DescField,
  path: readonly DescField[],
  { comments, schemas }: Describing,
): Parameter {
  const description = comments.of(field);
  return {
    name: path.map(({ jsonName }) => jsonName).join('.'),
    in: 'query',
    ...(description !== undefined && { description }),
    ...(field.deprecated && { deprecated: true }),
    schema: parameterSchema(field, schemas),
  };
}

function isQueryValue(field: DescField): boolean {
  if (field.fieldKind === 'map') return false;
  return field.message ? isScalarInJson(field.message) : true;
}
