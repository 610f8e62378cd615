import {
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescMethod,
  fromJson,
  hasOption,
  type JsonValue,
  type Message,
  setExtension,
} from '@bufbuild/protobuf';
import type { MethodOptions } from '@bufbuild/protobuf/wkt';
import { ownRegistry } from '../../schema/descriptor-set.js';

/** Long-running method with the types that its `operation_info` names. */
export interface AnnotatedOperation {
  readonly descriptor: DescMethod;
  readonly responseType: { readonly typeName: string };
  readonly metadataType: { readonly typeName: string };
}

/** Sources of the options that descriptors have lost. */
export interface AnnotationSources {
  /** Returns the `google.api.http` rule of an RPC in ProtoJSON. */
  readonly annotationOf?: ((method: DescMethod) => unknown) | undefined;
  readonly operationMethods?: readonly AnnotatedOperation[] | undefined;
}

/** Option to restore. */
export interface LostOption {
  /** File that declares the option. */
  readonly file: DescFile;
  readonly set: (options: MethodOptions) => void;
}

/** Method options that proto-loader drops, restored for clients of reflection. */
export class MethodAnnotations {
  readonly #annotationOf: (method: DescMethod) => unknown;
  readonly #operations: ReadonlyMap<DescMethod, AnnotatedOperation>;

  constructor({ annotationOf = () => undefined, operationMethods = [] }: AnnotationSources) {
    this.#annotationOf = annotationOf;
    this.#operations = new Map(operationMethods.map((method) => [method.descriptor, method]));
  }

  /** Options that a method was declared with and that its descriptor lacks. */
  lostBy(method: DescMethod): readonly LostOption[] {
    const operation = this.#operations.get(method);
    const info = operation && {
      responseType: operation.responseType.typeName,
      metadataType: operation.metadataType.typeName,
    };
    return [
      ...lost(method, 'google.api.http', this.#annotationOf(method)),
      ...lost(method, 'google.longrunning.operation_info', info),
    ];
  }
}

function lost(method: DescMethod, name: string, json: unknown): LostOption[] {
  const extension = ownRegistry().getExtension(name);
  if (json === undefined || !extension?.message || hasOption(method, extension)) return [];
  const value = messageOf(extension.message, json);
  if (!value) return [];
  return [
    { file: extension.file, set: (options) => setExtension(options, extension as DescExtension, value) },
  ];
}

/**
 * Omits an option that is not a valid message of its type. The gateway rejects such a rule; gRPC does not need
 * it.
 */
function messageOf(type: DescMessage, json: unknown): Message | undefined {
  try {
    return fromJson(type, json as JsonValue);
  } catch {
    return undefined;
  }
}
