import { clearField } from '@bufbuild/protobuf';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { SchemaError } from './schema.js';
import { parentScope, qualify, resolveTypeName } from './type-names.js';

/**
 * Completes descriptors from proto-loader in place. They lack what protoc writes: references are relative,
 * map entries have the name of the field, and JSON names are missing. Only its oneof marks an `optional`
 * field, and extensions appear as message fields with invalid names.
 *
 * Data that proto-loader drops stays lost: `json_name`, extensions and custom options. Also, proto2 files
 * read as proto3, so their defaults are ignored.
 */
export function completeDescriptors(files: readonly FileDescriptorProto[]): void {
  for (const file of files) {
    file.extension = [];
    file.messageType.forEach(completeMessage);
  }
  const declared = declaredNames(files);
  for (const file of files) {
    for (const message of file.messageType) qualifyReferences(message, file.package, declared);
  }
}

/** Returns the full names of all messages and enums. */
function declaredNames(files: readonly FileDescriptorProto[]): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (message: DescriptorProto, scope: string) => {
    const name = qualify(scope, message.name);
    names.add(name);
    for (const nested of message.nestedType) add(nested, name);
    for (const nested of message.enumType) names.add(qualify(name, nested.name));
  };
  for (const file of files) {
    for (const message of file.messageType) add(message, file.package);
    for (const declared of file.enumType) names.add(qualify(file.package, declared.name));
  }
  return names;
}

function completeMessage(message: DescriptorProto): void {
  message.field = message.field.filter((field) => !field.name.startsWith('.'));
  for (const field of message.field) {
    field.jsonName = protoCamelCase(field.name);
    clearField(field, FieldDescriptorProtoSchema.field.defaultValue);
    nameMapEntry(message, field);
    markOptional(message, field);
  }
  message.nestedType.forEach(completeMessage);
}

/** Names a map entry like protoc: `LabelsEntry`, because another message may be called `Labels`. */
function nameMapEntry(message: DescriptorProto, field: FieldDescriptorProto): void {
  const name = field.name.charAt(0).toUpperCase() + field.name.slice(1);
  if (field.label !== FieldDescriptorProto_Label.REPEATED || field.typeName !== name) return;
  const entry = message.nestedType.find((nested) => nested.options?.mapEntry && nested.name === name);
  if (!entry) return;
  const camel = protoCamelCase(field.name);
  entry.name = `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
  field.typeName = entry.name;
}

function markOptional(message: DescriptorProto, field: FieldDescriptorProto): void {
  const oneof = Object.hasOwn(field, 'oneofIndex') ? message.oneofDecl[field.oneofIndex] : undefined;
  if (oneof?.name === `_${field.name}`) field.proto3Optional = true;
}

function qualifyReferences(message: DescriptorProto, scope: string, declared: ReadonlySet<string>): void {
  const name = qualify(scope, message.name);
  for (const field of message.field) {
    if (!refersToType(field)) continue;
    // Map values are resolved from outside the message that contains the map.
    const from = message.options?.mapEntry ? parentScope(scope) : name;
    const resolved = resolveTypeName(field.typeName, from, declared);
    if (!resolved)
      throw new SchemaError(
        `field ${name}.${field.name} is of type ${field.typeName}, which is not declared: import the file that declares it`,
      );
    field.typeName = `.${resolved}`;
  }
  for (const nested of message.nestedType) qualifyReferences(nested, name, declared);
}

function refersToType({ type }: FieldDescriptorProto): boolean {
  return (
    type === FieldDescriptorProto_Type.MESSAGE ||
    type === FieldDescriptorProto_Type.GROUP ||
    type === FieldDescriptorProto_Type.ENUM
  );
}
