import type { DescMessage, DescMethod, DescService, FileRegistry, Message } from '@bufbuild/protobuf';
import type { OperationMethod } from '../core/operation-method.js';
import type { PathBinding } from './http-binding.js';

/** A method that returns `google.longrunning.Operation`, as its .proto file describes it. */
export interface LongRunningMethod extends OperationMethod<Message, Message, Message> {
  /** `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`. */
  readonly name: string;
  readonly descriptor: DescMethod;
  /** What {@link response} is the codec of. */
  readonly responseType: DescMessage;
  /** What {@link metadata} is the codec of. */
  readonly metadataType: DescMessage;
  /**
   * What is wrong with its `operation_info`, and what to do; empty when nothing is. The type in question is then
   * taken to be `google.protobuf.Empty`, so that the method can be used all the same.
   */
  readonly faults: readonly string[];
  /** Whether the method or its service is marked deprecated. */
  readonly deprecated: boolean;
  /** What its `google.api.http` rule binds: one entry for the rule, one for each additional binding, where its path is well-formed. */
  readonly bindings: readonly PathBinding[];
}

/** What some .proto files declare, with all that they import. */
export interface Schema {
  /** The files, as they were asked for. */
  readonly files: readonly string[];
  /** Every message, enum and service, the well-known types and `google.rpc` error details included. */
  readonly registry: FileRegistry;
  /** Every service but `google.longrunning.Operations`, and health and reflection of gRPC. */
  readonly services: readonly DescService[];
  /** Every method that returns `google.longrunning.Operation`. */
  readonly methods: readonly LongRunningMethod[];
  /** The `google.api.http` rule of a method in ProtoJSON; undefined when it has none. The registry has lost it. */
  readonly annotationOf: (method: DescMethod) => unknown;
}

/**
 * The long-running method of that name, written `package.Service.Method`, `package.Service/Method` or as the
 * path of the gRPC method; undefined when the schema has none.
 */
export function findMethod(schema: Schema, name: string): LongRunningMethod | undefined {
  const wanted = name.replace(/^\//, '').replace('/', '.');
  return schema.methods.find((method) => method.name === wanted);
}
