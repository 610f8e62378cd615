import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { type OperationSnapshot, snapshotOf } from '../../core/operation.js';
import type { OperationMethod } from '../../core/operation-method.js';
import { quoted } from '../../core/status.js';
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

const STARTED = 'const [operation] = await client.createThing(request); fromGax(operation)';

/** Fields of a `google.cloud.compute.v1.Operation`, which is no `google.longrunning.Operation`. */
const COMPUTE_FIELDS = ['selfLink', 'operationType', 'targetLink', 'zone', 'region', 'kind'];

/**
 * Checks that a value is an operation of google-gax.
 *
 * @throws TypeError that says what it is instead, and what to do.
 */
export function assertGaxOperation(value: unknown): void {
  const wrong = faultOf(value);
  if (wrong !== undefined) throw new TypeError(`fromGax was given ${wrong}`);
}

function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `${describe(value)}: write ${STARTED}`;
  if (Array.isArray(value)) return `an array: take its first element, as in ${STARTED}`;
  if (hasFunction(value, 'then')) return `a promise: await it, as in ${STARTED}`;
  const { latestResponse, longrunningDescriptor } = value as Readonly<Record<string, unknown>>;
  if (isObject(latestResponse) && isObject(longrunningDescriptor)) {
    return isObject(longrunningDescriptor.operationsClient)
      ? undefined
      : `an operation without its client: write ${STARTED}`;
  }
  // Those clients wrap what they start, with nothing to ask for more.
  if (isObject(latestResponse) || isCompute(value)) {
    return 'an operation of @google-cloud/compute, which is no google.longrunning.Operation: wait for it by wait() of ZoneOperationsClient, RegionOperationsClient or GlobalOperationsClient';
  }
  if ('metadata' in value && 'done' in value) {
    return `an Operation message: write fromGax(await client.checkCreateThingProgress(name)), or client.operation(message) of an OperationsClient`;
  }
  return `an object that is no operation of google-gax: write ${STARTED}`;
}

function isCompute(message: object): boolean {
  return COMPUTE_FIELDS.filter((name) => name in message).length > 1;
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `the string ${quoted(value)}` : String(value);
}

function hasFunction(value: object, name: string): boolean {
  return typeof (value as Readonly<Record<string, unknown>>)[name] === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
