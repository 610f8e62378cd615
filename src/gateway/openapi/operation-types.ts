import {
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';

/**
 * Types that a method's operations contain. A type is undefined if the descriptors do not declare or do not
 * contain it.
 */
export interface OperationTypes {
  readonly response: DescMessage | undefined;
  readonly metadata: DescMessage | undefined;
}

const OPERATION = 'google.longrunning.Operation';

/** Creates a reader of `google.longrunning.operation_info`. It returns undefined for methods without this option. */
export function operationTypesReader(registry: Registry): (method: DescMethod) => OperationTypes | undefined {
  const extension = registry.getExtension('google.longrunning.operation_info');
  const infoType = extension?.message;
  return (method) => {
    if (method.output.typeName !== OPERATION || !infoType || !hasOption(method, extension)) return undefined;
    const info = toJson(infoType, getOption(method, extension) as Message) as Readonly<
      Record<string, string>
    >;
    // AIP-151: a type of the same package may be referred to by its short name, any other by its full name.
    const typeOf = (name = '') =>
      registry.getMessage(`${method.parent.file.proto.package}.${name}`) ?? registry.getMessage(name);
    return { response: typeOf(info.responseType), metadata: typeOf(info.metadataType) };
  };
}
