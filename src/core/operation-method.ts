import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

type Leaf = Date | Uint8Array | string | number | bigint | boolean | undefined | null;

/** A message with any of its fields left out, at every depth: what `fromPartial` takes. */
export type DeepPartial<T> = T extends Leaf
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepPartial<Item>[]
    : T extends { $case: string; value: unknown }
      ? { $case: T['$case']; value?: DeepPartial<T['value']> }
      : { [Key in keyof T]?: DeepPartial<T[Key]> };

/** The codec of one message type: the object that ts-proto generates beside the message's interface. */
export interface MessageType<Message> {
  /** The full name of the message: `example.reports.v1.ReportMetadata`. */
  readonly $type: string;
  /** Writes a message in the wire format of protobuf. */
  encode(message: Message, writer?: BinaryWriter): BinaryWriter;
  /** Reads a message; unknown fields are passed over. @throws Error when the bytes are broken. */
  decode(input: BinaryReader | Uint8Array, length?: number): Message;
  /** Reads what JSON.parse gave of ProtoJSON. */
  fromJSON(object: unknown): Message;
  /** As JSON.stringify takes it. */
  toJSON(message: Message): unknown;
  /** A whole message, with defaults for what is left out. */
  fromPartial(object: DeepPartial<Message>): Message;
}

/** The message that a {@link MessageType} is the codec of. */
export type MessageOf<Type> = Type extends MessageType<infer Message> ? Message : never;

/** A method that returns `google.longrunning.Operation`, and the types that its `operation_info` names. */
export interface OperationMethod<Request, Response, Metadata> {
  /** The path of the gRPC method: `/example.reports.v1.Reports/ExportReport`. */
  readonly path: string;
  /** What starts it. */
  readonly request: MessageType<Request>;
  /** What it ends with: `response_type` of its `google.longrunning.operation_info`. */
  readonly response: MessageType<Response>;
  /** What tells of its progress: `metadata_type` of the same. */
  readonly metadata: MessageType<Metadata>;
}

/**
 * Describes a long-running method by hand, where `protoc-gen-longrunning` has not.
 *
 * @throws TypeError when `path` is not `/package.Service/Method`.
 *
 * @example
 * ```ts
 * const exportReport = operationMethod({
 *   path: '/example.reports.v1.Reports/ExportReport',
 *   request: ExportReportRequest,
 *   response: ExportReportResponse,
 *   metadata: ReportMetadata,
 * });
 * ```
 */
export function operationMethod<Request, Response, Metadata>(
  method: OperationMethod<Request, Response, Metadata>,
): OperationMethod<Request, Response, Metadata> {
  if (!/^\/[^/\s]+\/[^/\s]+$/.test(method.path)) {
    throw new TypeError(
      `method path ${JSON.stringify(method.path)} is malformed: write it as "/package.Service/Method"`,
    );
  }
  return method;
}

/** The types of an operation, by full name: those of its response and of its metadata. */
export function typesOf({
  response,
  metadata,
}: Pick<OperationMethod<unknown, unknown, unknown>, 'response' | 'metadata'>): {
  get(fullName: string): MessageType<unknown> | undefined;
} {
  return { get: (fullName) => [response, metadata].find((type) => type.$type === fullName) };
}
