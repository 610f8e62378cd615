import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { type OperationSnapshot, snapshotOf } from '../../core/operation.js';
import type { OperationMethod } from '../../core/operation-method.js';
import { quoted } from '../../core/status.js';
import type { GaxAny, GaxDecoder, GaxOperation } from './generated-client.js';

/** Converts an Any that google-gax decoded. */
export function anyOf({ type_url, typeUrl, value }: GaxAny): Any {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value ?? []);
  return { typeUrl: type_url ?? typeUrl ?? '', value: bytes };
}

/** Returns a reader of operations into the types of the client that started one, by its decoders. */
export function snapshotReader<Response, Metadata>({
  longrunningDescriptor: { responseDecoder, metadataDecoder },
}: GaxOperation<Response, Metadata>): (operation: Operation) => OperationSnapshot<Response, Metadata> {
  const types = { response: messageReader(responseDecoder), metadata: messageReader(metadataDecoder) };
  // Reading uses no other member of a method. protobuf.js has no compatible encoder.
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

/** Returns the full name of the decoded type, which every decoded message has, including an empty one. */
function messageTypeName(decode: GaxDecoder): string {
  const { $type } = decode(new Uint8Array()) as { readonly $type?: { readonly fullName: string } };
  // protobuf.js adds a leading dot.
  return ($type?.fullName ?? '').replace(/^\./, '');
}

const STARTED = 'const [operation] = await client.createThing(request); fromGax(operation)';

/** Fields of `google.cloud.compute.v1.Operation`, which is not a `google.longrunning.Operation`. */
const COMPUTE_FIELDS = ['selfLink', 'operationType', 'targetLink', 'zone', 'region', 'kind'];

/**
 * Checks that a value is an operation of google-gax.
 *
 * @throws TypeError that describes any other value and says what to do.
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
  // The clients of @google-cloud/compute wrap operations without a client to poll them.
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
