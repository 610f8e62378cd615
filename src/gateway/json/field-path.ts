import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { nearest } from '../../core/nearest.js';
import { invalidField, quoted } from '../../core/status.js';

/** Path of fields from a message to a nested field, which is last. */
export type FieldPath = readonly [DescField, ...DescField[]];

/**
 * Finds the field that a query parameter names, in proto or JSON names: `aws_cluster.name`, `awsCluster.name`.
 *
 * @throws StatusError INVALID_ARGUMENT if there is none.
 */
export function findFieldPath(type: DescMessage, text: string): FieldPath {
  const [first = '', ...rest] = text.split('.');
  const path: [DescField, ...DescField[]] = [findField(type, first, text)];
  let last = path[0];
  for (const name of rest) {
    if (last.fieldKind !== 'message') {
      throw invalidField(text, `query parameter ${quoted(text)} goes through ${last}, which has no fields`);
    }
    last = findField(last.message, name, text);
    path.push(last);
  }
  return path;
}

/** Finds a field by proto names, as templates write them. */
export function protoPath(path: FieldPath): string {
  return path.map(({ name }) => name).join('.');
}

function findField(type: DescMessage, name: string, parameter: string): DescField {
  const field = type.fields.find((candidate) => candidate.jsonName === name || candidate.name === name);
  if (field) return field;
  const candidate = nearest(
    name,
    type.fields.map(({ jsonName }) => jsonName),
  );
  const fix = candidate ? `did you mean ${quoted(candidate)}?` : 'leave it out';
  const text = `query parameter ${quoted(parameter)} names no field of ${type.typeName}: ${fix}`;
  throw invalidField(parameter, text);
}
