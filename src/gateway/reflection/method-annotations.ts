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
import { ownRegistry } from '../../schema/own-registry.js';

/** The types of a long-running method, as `operation_info` names them. */
export interface AnnotatedOperation {
  readonly descriptor: DescMethod;
  readonly responseType: { readonly typeName: string };
  readonly metadataType: { readonly typeName: string };
}

/** Where the options are found that descriptors have lost. */
export interface AnnotationSources {
  /** The `google.api.http` rule of an RPC in ProtoJSON. */
  readonly annotationOf?: ((method: DescMethod) => unknown) | undefined;
  readonly operationMethods?: readonly AnnotatedOperation[] | undefined;
}

/** An option to put back. */
export interface LostOption {
  /** Declares it. */
  readonly file: DescFile;
  readonly set: (options: MethodOptions) => void;
}

/** The options of methods that proto-loader drops, for clients of reflection to see. */
export class MethodAnnotations {
  readonly #annotationOf: (method: DescMethod) => unknown;
  readonly #operations: ReadonlyMap<DescMethod, AnnotatedOperation>;

  constructor({ annotationOf = () => undefined, operationMethods = [] }: AnnotationSources) {
    this.#annotationOf = annotationOf;
    this.#operations = new Map(operationMethods.map((method) => [method.descriptor, method]));
  }

  /** Those that the descriptor of a method does not have though it was declared with them. */
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

/** An option that is no message of its type is left out: who serves REST refuses it, and gRPC can do without it. */
function messageOf(type: DescMessage, json: unknown): Message | undefined {
  try {
    return fromJson(type, json as JsonValue);
  } catch {
    return undefined;
  }
}
