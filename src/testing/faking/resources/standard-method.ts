import { type DescField, type DescMessage, type DescMethod, ScalarType } from '@bufbuild/protobuf';
import type { Schema } from '../../../schema/index.js';

type MessageField = Extract<DescField, { fieldKind: 'message' }>;
type MessageListField = Extract<DescField, { fieldKind: 'list'; listKind: 'message' }>;

/** Effect of a method on resources, if it has the form of a standard method (AIP-131 to 135). */
export type StandardMethod =
  | { readonly kind: 'get'; readonly type: DescMessage }
  | { readonly kind: 'list'; readonly items: MessageListField }
  | {
      readonly kind: 'create';
      /** Request field with the resource. */
      readonly resource: MessageField;
      /** Request field with the last segment of the new name, if the caller may choose it. */
      readonly id: DescField | undefined;
      /** Second-to-last segment of the names, such as `awsClusters`. */
      readonly collection: string;
    }
  | { readonly kind: 'update'; readonly resource: MessageField }
  | {
      readonly kind: 'delete';
      /** Type of the deleted resource, if a message has the name that the method suggests. */
      readonly type: DescMessage | undefined;
    };

/**
 * Recognizes a standard method by its form. Returns undefined for other methods.
 *
 * @param result - final result type: the response of the method, or that of its operations.
 */
export function standardMethod(
  method: DescMethod,
  result: DescMessage,
  annotationOf: Schema['annotationOf'],
): StandardMethod | undefined {
  const { input, name } = method;
  const [verb] = /^(?:Get|List|Create|Update|Delete)(?=[A-Z])/.exec(name) ?? [];
  switch (verb) {
    case 'Get':
      return hasName(input) && hasName(result) ? { kind: 'get', type: result } : undefined;
    case 'List': {
      const items = result.fields.find(isMessageList);
      return items && hasName(items.message) && result.field.nextPageToken
        ? { kind: 'list', items }
        : undefined;
    }
    case 'Create': {
      const resource = resourceField(input, result);
      if (!resource) return undefined;
      const id = input.fields.find((field) => field.name === `${resource.name}_id`);
      return { kind: 'create', resource, id, collection: collectionOf(method, result, annotationOf) };
    }
    case 'Update': {
      const resource = resourceField(input, result);
      return resource && { kind: 'update', resource };
    }
    case 'Delete':
      return hasName(input) ? { kind: 'delete', type: deletedType(method) } : undefined;
    default:
      return undefined;
  }
}

/** `Book` of `DeleteBook`, in the file of the method or one that it imports. */
function deletedType({ name, parent }: DescMethod): DescMessage | undefined {
  const { file } = parent;
  const typeName = `${file.proto.package}.${name.slice('Delete'.length)}`;
  const messages = [file, ...file.dependencies].flatMap((each) => each.messages);
  return messages.find((message) => message.typeName === typeName);
}

function hasName(type: DescMessage): boolean {
  const { name } = type.field;
  return name?.fieldKind === 'scalar' && name.scalar === ScalarType.STRING;
}

function isMessageList(field: DescField): field is MessageListField {
  return field.fieldKind === 'list' && field.listKind === 'message';
}

/** Request field that has the same type as the method's result. */
function resourceField(input: DescMessage, result: DescMessage): MessageField | undefined {
  if (!hasName(result)) return undefined;
  return input.fields
    .filter((field) => field.fieldKind === 'message')
    .find(({ message }) => message.typeName === result.typeName);
}

/**
 * Takes the collection from the HTTP path for creation, `/v1/{parent=projects/*}/awsClusters`, or else pluralizes
 * the type's name.
 */
function collectionOf(
  method: DescMethod,
  { name }: DescMessage,
  annotationOf: Schema['annotationOf'],
): string {
  const { post } = (annotationOf(method) ?? {}) as { readonly post?: unknown };
  const [, last] = (typeof post === 'string' && /\/([A-Za-z]+)$/.exec(post)) || [];
  return last ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}s`;
}
