import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { type OperationSnapshot, snapshotOf } from '../../core/operation.js';
import type { OperationMethod } from '../../core/operation-method.js';
import type { GaxAny, GaxDecoder, GaxOperation } from './generated-client.js';

/** An Any that google-gax decoded, as ours. */
export function anyOf({ type_url, typeUrl, value }: GaxAny): Any {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value ?? []);
  return { typeUrl: type_url ?? typeUrl ?? '', value: bytes };
}

/** Reads operations by the decoders of the client that started one: into the very types of that client. */
export function snapshotReader<Response, Metadata>({
  longrunningDescriptor: { responseDecoder, metadataDecoder },
}: GaxOperation<Response, Metadata>): (operation: Operation) => OperationSnapshot<Response, Metadata> {
  const types = { response: messageReader(responseDecoder), metadata: messageReader(metadataDecoder) };
  // Reading asks for no more of a method than this; protobuf.js encodes and prints in ways of its own.
  const method = types as unknown as OperationMethod<unknown, Response, Metadata>;
  return (operation) => snapshotOf(operation, method);
}

function messageReader(decode: GaxDecoder) {
  return {
    get $type() {
      return messageTypeName(decode);
    },
    decode,
    fromPartial: () => decode(new Uint8Array()),
  };
}

/** The full name of the type that a decoder decodes. It shows on whatever comes out, if only the empty message. */
function messageTypeName(decode: GaxDecoder): string {
  const { $type } = decode(new Uint8Array()) as { readonly $type?: { readonly fullName: string } };
  // protobuf.js writes a leading dot.
  return ($type?.fullName ?? '').replace(/^\./, '');
}
