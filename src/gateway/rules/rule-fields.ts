import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { nearest } from '../../core/nearest.js';
import { quoted } from '../../core/status.js';
import { HttpRuleError, type PathTemplate } from '../../schema/path-template.js';
import type { HttpBinding } from './http-rule-json.js';

/**
 * Checks that a rule names existing fields of its RPC and that a path can set the fields that it binds.
 *
 * @throws HttpRuleError that names the field.
 */
export function checkRuleFields(
  { input, output }: DescMethod,
  { body, responseBody }: HttpBinding,
  { variables }: PathTemplate,
): void {
  for (const { fieldPath } of variables) checkBound(input, fieldPath);
  if (body !== undefined && body !== '*') findField(input, body, 'body');
  if (responseBody !== undefined) findField(output, responseBody, 'response_body');
}

function checkBound(message: DescMessage, fieldPath: string): void {
  const use = `path variable ${quoted(fieldPath)}`;
  const names = fieldPath.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce((within, name) => {
    const field = findField(within, name, use);
    if (field.fieldKind === 'message') return field.message;
    throw new HttpRuleError(`${use} goes through ${field}, which is not a message: bind the field itself`);
  }, message);
  const field = findField(parent, last, use);
  if (!isSingleValue(field)) {
    throw new HttpRuleError(`${use} binds ${field}, which is not a single value: bind a scalar or an enum`);
  }
}

function findField(message: DescMessage, name: string, use: string): DescField {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field) return field;
  const candidate = nearest(
    name,
    message.fields.map((known) => known.name),
  );
  const fix = candidate
    ? `did you mean ${quoted(candidate)}?`
    : 'name a field by its name in the .proto file';
  throw new HttpRuleError(`${use} names ${quoted(name)}, which ${message.typeName} does not have: ${fix}`);
}

function isSingleValue(field: DescField): boolean {
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      return true;
    case 'message':
      return isScalarInJson(field.message);
    case 'list':
    case 'map':
      return false;
  }
}

const TEXT = new Set(['google.protobuf.Duration', 'google.protobuf.FieldMask', 'google.protobuf.Timestamp']);

/**
 * Returns true if ProtoJSON writes a message as a string, number or boolean, so that paths and queries can
 * contain it.
 */
export function isScalarInJson(type: DescMessage): boolean {
  return TEXT.has(type.typeName) || isWrapperDesc(type);
}
