import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf';
import { protos as speech } from '@google-cloud/speech';
import { loadFileDescriptorSetFromBuffer, type Options } from '@grpc/proto-loader';
import { operationsProtos, protobuf } from 'google-gax';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { DESCRIPTORS, generateWith } from './ts-proto.js';

/** Operation messages as decoded by one generator. */
export interface Form {
  readonly name: string;
  /** Converts the kit's message to the form of this generator. */
  write(operation: Operation): unknown;
  /** Set if `JSON.stringify` loses fields of its messages. */
  readonly lossyJson?: true;
}

/** Each `oneof` setting, and the options that affect messages in memory. */
const TS_PROTO_OPTIONS = [
  ['oneof=properties'],
  ['oneof=unions'],
  ['oneof=unions-value'],
  ['oneof=unions', 'env=node', 'useOptionals=all', 'useReadonlyTypes=true'],
  ['oneof=unions-value', 'unknownFields=true', 'initializeFieldsAsUndefined=false', 'useOptionals=messages'],
  ['snakeToCamel=false', 'useNullAsOptional=true', 'outputTypeAnnotations=true'],
  ['usePrototypeForDefaults=true'],
];

interface TsProtoModule {
  readonly Operation: { decode(bytes: Uint8Array): unknown; toJSON(message: unknown): unknown };
}

/** Forms of ts-proto with each `oneof` setting and other options, and the output of its `toJSON`. */
export function tsProtoForms(): Form[] {
  return TS_PROTO_OPTIONS.flatMap((options) => {
    const { Operation: codec } = generateWith(options).operations as unknown as TsProtoModule;
    const name = `ts-proto ${options.join(' ')}`;
    const decode = (operation: Operation) => codec.decode(encode(operation));
    // Fields with their default value are on the prototype.
    const lossy = options.includes('usePrototypeForDefaults=true') && { lossyJson: true as const };
    return [
      { name, write: decode, ...lossy },
      { name: `${name}, toJSON`, write: (operation: Operation) => codec.toJSON(decode(operation)) },
    ];
  });
}

const REGISTRY = createFileRegistry(DESCRIPTORS);
const SCHEMA = REGISTRY.getMessage(Operation.$type);
if (!SCHEMA) throw new Error(`the descriptors have no ${Operation.$type}`);
const schema = SCHEMA;

export const PROTOBUF_ES: Form = {
  name: 'protobuf-es',
  write: (operation) => fromBinary(schema, encode(operation)),
};

/** ProtoJSON. Response, metadata and details must be of types in the example API. */
export const PROTO_JSON: readonly Form[] = [
  {},
  { alwaysEmitImplicit: true },
  { useProtoFieldName: true },
].map((options) => ({
  name: `ProtoJSON ${JSON.stringify(options)}`,
  write: (operation) =>
    toJson(schema, fromBinary(schema, encode(operation)), { registry: REGISTRY, ...options }),
}));

interface ProtobufJsType {
  decode(bytes: Uint8Array): protobuf.Message;
  toObject(message: protobuf.Message, options: object): object;
}

/** Classes of protobuf.js: those of google-gax, generated ones of Google's clients, and reflected ones. */
export function protobufJsForms(): Form[] {
  const root = protobuf.Root.fromJSON(
    JSON.parse(readFileSync('node_modules/google-gax/build/protos/operations.json', 'utf8')),
  );
  const types: Readonly<Record<string, unknown>> = {
    'google-gax': operationsProtos.google.longrunning.Operation,
    '@google-cloud/speech': speech.google.longrunning.Operation,
    'protobuf.js by reflection': root.lookupType('google.longrunning.Operation'),
  };
  return Object.entries(types).flatMap(([name, type]) => {
    const codec = type as ProtobufJsType;
    return [
      { name, write: (operation: Operation) => codec.decode(encode(operation)) },
      {
        name: `${name}, toObject`,
        write: (operation: Operation) =>
          codec.toObject(codec.decode(encode(operation)), { defaults: true, oneofs: true, bytes: String }),
      },
    ];
  });
}

/** proto-loader with every combination of options that affects the form of messages. */
export function protoLoaderForms(): Form[] {
  const set = readFileSync('generated/descriptors.binpb');
  const forms: Form[] = [];
  for (const bytes of [undefined, Array, String]) {
    for (let flags = 0; flags < 1 << 6; flags++) {
      const [keepCase, defaults, oneofs, arrays, objects, json] = Array.from(
        { length: 6 },
        (_, bit) => (flags & (1 << bit)) !== 0,
      );
      const options: Options = {
        keepCase,
        defaults,
        oneofs,
        arrays,
        objects,
        json,
        longs: String,
        enums: String,
      };
      if (bytes) options.bytes = bytes;
      const { 'google.longrunning.Operations': service } = loadFileDescriptorSetFromBuffer(set, options);
      const { GetOperation } = service as unknown as {
        GetOperation: { responseDeserialize(bytes: Buffer): unknown };
      };
      const name = `proto-loader ${JSON.stringify({ ...options, bytes: bytes?.name })}`;
      forms.push({ name, write: (operation) => GetOperation.responseDeserialize(encode(operation)) });
    }
  }
  return forms;
}

function encode(operation: Operation): Buffer {
  return Buffer.from(Operation.encode(operation).finish());
}
