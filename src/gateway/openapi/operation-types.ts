import {
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';

/** What the operations of a method hold; undefined: the descriptors do not say, or do not know the type. */
export interface OperationTypes {
  readonly response: DescMessage | undefined;
  readonly metadata: DescMessage | undefined;
}

const OPERATION = 'google.longrunning.Operation';

/** Reads `google.longrunning.operation_info` of descriptors that have it; undefined for other methods. */
export function operationTypesReader(registry: Registry): (method: DescMethod) => OperationTypes | undefined {
  const extension = registry.getExtension('google.longrunning.operation_info');
  const infoType = extension?.message;
  return (method) => {
    if (method.output.typeName !== OPERATION || !infoType || !hasOption(method, extension)) return undefined;
    const info = toJson(infoType, getOption(method, extension) as Message) as Readonly<
      Record<string, string>
    >;
    // AIP-151: a message of the same package by its name, any other by its full name.
    const typeOf = (name = '') =>
      registry.getMessage(`${method.parent.file.proto.package}.${name}`) ?? registry.getMessage(name);
    return { response: typeOf(info.responseType), metadata: typeOf(info.metadataType) };
  };
}
