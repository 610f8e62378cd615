import { quoted } from '../../core/status.js';

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
