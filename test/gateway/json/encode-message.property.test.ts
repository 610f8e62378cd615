import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  isWrapperDesc,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeMessage } from '../../../src/gateway/json/encode-message.js';

const IMPORTS = [file_google_protobuf_any, file_google_protobuf_struct, file_google_protobuf_wrappers];
const MESSAGES = [
  '.google.protobuf.Struct',
  '.google.protobuf.Value',
  '.google.protobuf.ListValue',
  '.google.protobuf.Any',
  '.google.protobuf.Int64Value',
  '.google.protobuf.StringValue',
  '.google.protobuf.BytesValue',
];
const SCALARS = Object.values(ScalarType).filter((type) => typeof type === 'number');
const KEYS = SCALARS.filter(
  (type) => ![ScalarType.DOUBLE, ScalarType.FLOAT, ScalarType.BYTES].includes(type),
);

interface Field {
  readonly type: Type;
  readonly typeName?: string;
}

/** Message with every kind of field: in proto3 with implicit presence, in proto2 with explicit presence and groups. */
function everything(syntax: 'proto2' | 'proto3'): DescMessage {
  const name = `.test.${syntax}.All`;
  const scalars: Field[] = SCALARS.map((type) => ({ type: type as number as Type }));
  const others: Field[] = [
    { type: Type.ENUM, typeName: `.test.${syntax}.Kind` },
    ...[name, ...MESSAGES].map((typeName) => ({ type: Type.MESSAGE, typeName })),
    ...(syntax === 'proto2' ? [{ type: Type.GROUP, typeName: `${name}.Group` }] : []),
  ];
  let number = 0;
  const field = (part: Field, more: object) => {
    number += 7;
    return { name: `f${number}`, jsonName: `f${number}`, number, label: Label.OPTIONAL, ...part, ...more };
  };
  const kinds = [...scalars, ...others];
  const unpacked = scalars.filter(({ type }) => type !== Type.STRING && type !== Type.BYTES);
  const maps = kinds
    .filter(({ type }) => type !== Type.GROUP)
    .map((value, index) => ({ key: KEYS[index % KEYS.length] ?? ScalarType.STRING, value }));
  const entries = maps.map(({ key, value }, index) => ({
    name: `Map${index}Entry`,
    options: { mapEntry: true },
    field: [
      { name: 'key', number: 1, label: Label.OPTIONAL, type: key as number as Type },
      { name: 'value', number: 2, label: Label.OPTIONAL, ...value },
    ],
  }));
  const file = create(FileDescriptorProtoSchema, {
    name: `${syntax}.proto`,
    syntax,
    package: `test.${syntax}`,
    dependency: IMPORTS.map(({ proto }) => proto.name),
    enumType: [
      { name: 'Kind', value: [0, 1, -1, 300].map((of, index) => ({ name: `K${index}`, number: of })) },
    ],
    messageType: [
      {
        name: 'All',
        field: [
          ...kinds.map((kind) => field(kind, {})),
          ...kinds.map((kind) => field(kind, { label: Label.REPEATED })),
          ...unpacked.map((kind) => field(kind, { label: Label.REPEATED, options: { packed: false } })),
          ...unpacked.map((kind) => field(kind, { label: Label.REPEATED, options: { packed: true } })),
          ...kinds.map((kind) => field(kind, { oneofIndex: 0 })),
          ...maps.map((_, index) => ({
            ...field({ type: Type.MESSAGE, typeName: `${name}.Map${index}Entry` }, { label: Label.REPEATED }),
            name: `map${index}`,
          })),
          // Lower than all others, although it is declared last.
          { name: 'first', number: 1, label: Label.OPTIONAL, type: Type.STRING },
        ],
        oneofDecl: [{ name: 'choice' }],
        nestedType: [
          ...entries,
          {
            name: 'Group',
            field: [
              {
                name: 'must',
                number: 5,
                label: syntax === 'proto2' ? Label.REQUIRED : Label.OPTIONAL,
                type: Type.BOOL,
              },
              { name: 'text', number: 2, label: Label.OPTIONAL, type: Type.STRING },
            ],
          },
        ],
      },
    ],
  });
  const registry = createFileRegistry(file, (path) => IMPORTS.find(({ proto }) => proto.name === path));
  const type = registry.getMessage(name.slice(1));
  if (!type) throw new Error(`no ${name}`);
  return type;
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 20, maxLength: 400 }),
  fc.constantFrom('\ud800', 'a\udc00', 'é'.repeat(70), 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(20_000)),
);

function scalarOf(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 300 });
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.integer();
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    default:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  }
}

const struct = fc.dictionary(text, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });

function itemOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.scalar !== undefined) return scalarOf(field.scalar);
  if (field.enum) return fc.constantFrom(0, 1, -1, 300);
  if (!field.message) throw new Error(`${field} has no type`);
  const isStruct = field.message.typeName === 'google.protobuf.Struct';
  if (isStruct && field.parent.typeName !== 'google.protobuf.Value') return struct;
  const isUnwrapped = field.fieldKind === 'message' && !field.oneof && isWrapperDesc(field.message);
  const [value] = field.message.fields;
  if (isUnwrapped && value?.scalar !== undefined) return scalarOf(value.scalar);
  return messageOf(field.message, depth - 1);
}

function arbitraryOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const item = itemOf(field, depth);
  switch (field.fieldKind) {
    case 'list':
      return fc.array(item, { maxLength: 3 });
    case 'map':
      return fc.dictionary(scalarOf(field.mapKey).map(String), item, { maxKeys: 3 });
    default:
      return item;
  }
}

/** Any message with a few fields. */
function messageOf(type: DescMessage, depth: number): fc.Arbitrary<Message> {
  if (depth < 0) return fc.constant(create(type));
  const some = fc.subarray([...type.fields], { maxLength: Math.min(8, type.fields.length) });
  const init = some.chain((fields) =>
    fc.tuple(
      ...fields.map((field) =>
        arbitraryOf(field, depth).map((value) =>
          field.oneof
            ? { [field.oneof.localName]: { case: field.localName, value } }
            : { [field.localName]: value },
        ),
      ),
    ),
  );
  return init.map((parts) => create(type, Object.assign({}, ...parts)));
}

function outcome(encode: () => Uint8Array): string {
  try {
    return Buffer.from(encode()).toString('hex');
  } catch (error) {
    return String(error);
  }
}

describe('encodeMessage', () => {
  it.each(['proto2', 'proto3'] as const)('encodes any message of %s as protobuf-es does', (syntax) => {
    const type = everything(syntax);
    fc.assert(
      fc.property(messageOf(type, 3), fc.nat({ max: 2000 }), (message, sizeHint) => {
        const expected = outcome(() => toBinary(type, message));
        expect(outcome(() => encodeMessage(type, message, sizeHint))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('does not retain the memory of a large body for a small message', () => {
    const type = everything('proto3');
    const message: Message = create<DescMessage>(type, { first: 'x'.repeat(10_000) });
    expect(encodeMessage(type, message, 2 ** 22).buffer.byteLength).toBeLessThan(100_000);
    expect(encodeMessage(type, message, 0).buffer.byteLength).toBeLessThan(100_000);
  });
});
