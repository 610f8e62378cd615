import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  type Message,
} from '@bufbuild/protobuf';
import type { OperationMethod } from '../core/operation-method.js';
import type { PathBinding } from './path-template.js';

/** A method that returns `google.longrunning.Operation`, described by its .proto file. */
export interface LongRunningMethod extends OperationMethod<Message, Message, Message> {
  /** Full name: `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`. */
  readonly name: string;
  readonly descriptor: DescMethod;
  /** Descriptor of {@link response}. */
  readonly responseType: DescMessage;
  /** Descriptor of {@link metadata}. */
  readonly metadataType: DescMessage;
  /**
   * Problems in its `operation_info`, with their fixes; empty if there are none. An affected type defaults to
   * `google.protobuf.Empty`, so that the method stays usable.
   */
  readonly faults: readonly string[];
  /** True if the method or its service is deprecated. */
  readonly deprecated: boolean;
  /**
   * Bindings of its `google.api.http` rule: one entry for the rule and one per additional binding, if its
   * path is well-formed.
   */
  readonly bindings: readonly PathBinding[];
}

/** Declarations of .proto files and of everything they import. */
export interface Schema {
  /** Requested file names. */
  readonly files: readonly string[];
  /** All messages, enums and services, including the well-known types and the `google.rpc` error details. */
  readonly registry: FileRegistry;
  /** All services except `google.longrunning.Operations`, gRPC health checking and gRPC reflection. */
  readonly services: readonly DescService[];
  /** All methods that return `google.longrunning.Operation`. */
  readonly methods: readonly LongRunningMethod[];
  /**
   * Returns the `google.api.http` rule of a method in ProtoJSON, or undefined if it has none. The registry
   * does not contain it.
   */
  readonly annotationOf: (method: DescMethod) => unknown;
}

/** Unusable .proto files. The message names the file, or the service and method, and the fix. */
export class SchemaError extends Error {
  override readonly name: string = 'SchemaError';
}

/**
 * Finds a long-running method by `package.Service.Method`, `package.Service/Method` or its gRPC path. Returns
 * undefined if the schema has none.
 */
export function findMethod(schema: Schema, name: string): LongRunningMethod | undefined {
  const wanted = name.replace(/^\//, '').replace('/', '.');
  return schema.methods.find((method) => method.name === wanted);
}

/** Merges schemas. If several declare the same name, the first one wins. */
export function mergeSchemas(schemas: readonly Schema[]): Schema {
  return {
    files: schemas.flatMap(({ files }) => files),
    // In a registry, the last one wins.
    registry: createFileRegistry(...schemas.map(({ registry }) => registry).reverse()),
    services: schemas.flatMap(({ services }) => services),
    methods: schemas.flatMap(({ methods }) => methods),
    annotationOf: (method) =>
      schemas
        .find(({ registry }) => registry.getService(method.parent.typeName) === method.parent)
        ?.annotationOf(method),
  };
}
