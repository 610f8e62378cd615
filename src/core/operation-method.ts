type Leaf = Date | Uint8Array | string | number | bigint | boolean | undefined | null;

/** A message whose fields are all optional, at every depth: the argument of `fromPartial`. */
export type DeepPartial<T> = T extends Leaf
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepPartial<Item>[]
    : T extends { $case: string; value: unknown }
      ? { $case: T['$case']; value?: DeepPartial<T['value']> }
      : { [Key in keyof T]?: DeepPartial<T[Key]> };

/** Writer of a protobuf runtime that contains an encoded message. */
interface EncodedMessage {
  /** Returns the encoded message. */
  finish(): Uint8Array;
}

/** Codec of one message type: the object that ts-proto generates beside the message's interface. */
export interface MessageType<Message> {
  /** Full name of the message: `example.reports.v1.ReportMetadata`. */
  readonly $type: string;
  /**
   * Encodes a message in the protobuf wire format. Of the writer only the result is used, so that codecs of every copy and
   * version of a protobuf runtime fit.
   */
  encode(message: Message, writer?: EncodedMessage): EncodedMessage;
  /** Decodes a message and ignores unknown fields. @throws Error if the bytes are malformed. */
  decode(input: Uint8Array, length?: number): Message;
  /** Converts parsed ProtoJSON to a message. */
  fromJSON(object: unknown): Message;
  /** Converts a message to a value for `JSON.stringify`. */
  toJSON(message: Message): unknown;
  /** Creates a complete message, with defaults for omitted fields. */
  fromPartial(object: DeepPartial<Message>): Message;
}

/**
 * A method that returns `google.longrunning.Operation`, with the types of its `operation_info`. Generated methods have the
 * literal type of their path, which tells methods with the same messages apart.
 */
export interface OperationMethod<Request, Response, Metadata, Path extends string = string> {
  /** Path of the gRPC method: `/example.reports.v1.Reports/ExportReport`. */
  readonly path: Path;
  /** Request type. */
  readonly request: MessageType<Request>;
  /** Response type: `response_type` of its `google.longrunning.operation_info`. */
  readonly response: MessageType<Response>;
  /** Metadata type: `metadata_type` of its `google.longrunning.operation_info`. Describes the progress. */
  readonly metadata: MessageType<Metadata>;
}

/**
 * Describes a long-running method by hand, if `protoc-gen-longrunning` is not used.
 *
 * @throws TypeError if `path` is not `/package.Service/Method`.
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
export function operationMethod<Request, Response, Metadata, const Path extends string>(
  method: OperationMethod<Request, Response, Metadata, Path>,
): OperationMethod<Request, Response, Metadata, Path> {
  if (!/^\/[^/\s]+\/[^/\s]+$/.test(method.path)) {
    throw new TypeError(
      `method path ${JSON.stringify(method.path)} is malformed: write it as "/package.Service/Method"`,
    );
  }
  return method;
}

/** Returns a registry of the response and metadata types of a method. */
export function typesOf({
  response,
  metadata,
}: Pick<OperationMethod<unknown, unknown, unknown>, 'response' | 'metadata'>): {
  get(fullName: string): MessageType<unknown> | undefined;
} {
  return { get: (fullName) => [response, metadata].find((type) => type.$type === fullName) };
}
