import { Operation } from '../../generated/google/longrunning/operations.js';
import type { Any } from '../../generated/google/protobuf/any.js';
import { encodeMessage } from './any.js';
import type { OperationMessage } from './operation-message.js';
import { readOperation } from './read-operation.js';

/** `google.protobuf.Any` with its type URL under both names, for codecs with and without camel case. */
export interface PlainAny {
  typeUrl: string;
  type_url: string;
  value: Buffer;
}

/** `google.longrunning.Operation` with the fields of its oneof side by side. */
export interface PlainOperation {
  name: string;
  metadata: PlainAny | undefined;
  done: boolean;
  error?: { code: number; message: string; details: PlainAny[] };
  response?: PlainAny;
}

/**
 * Converts an Operation to the form that proto-loader accepts with any options, and so does NestJS. ts-proto
 * accepts it, too, unless `oneof` is set.
 *
 * @throws TypeError if the message is not an Operation or its fields contradict each other.
 *
 * @example
 * ```ts
 * @GrpcMethod('Reports')
 * async exportReport(request: ExportReportRequest) {
 *   return plainOperation(await this.operations.start(exportReport, request));
 * }
 * ```
 */
export function plainOperation(operation: OperationMessage): PlainOperation {
  const { name, metadata, done, result } = readOperation(operation);
  const plain = { name, metadata: metadata && plainAny(metadata), done };
  switch (result?.$case) {
    case 'error': {
      const { code, message, details } = result.value;
      return { ...plain, error: { code, message, details: details.map(plainAny) } };
    }
    case 'response':
      return { ...plain, response: plainAny(result.value) };
    case undefined:
      return plain;
  }
}

/**
 * Converts an Operation to the form of any generator, with a decoder from that generator.
 *
 * @throws TypeError if the message is not an Operation or its fields contradict each other; also the
 * exceptions of `decode`.
 *
 * @example
 * ```ts
 * const response = convertOperation(operation, (bytes) => fromBinary(OperationSchema, bytes)); // Connect
 * ```
 */
export function convertOperation<Message>(
  operation: OperationMessage,
  decode: (bytes: Buffer) => Message,
): Message {
  return decode(encodeMessage(Operation, readOperation(operation)));
}

function plainAny({ typeUrl, value }: Any): PlainAny {
  return { typeUrl, type_url: typeUrl, value };
}
