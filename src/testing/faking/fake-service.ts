import { type DescMessage, type DescMethod, type Message, ScalarType } from '@bufbuild/protobuf';
import type { handleUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../../core/clock.js';
import { toServerError } from '../../core/grpc-status.js';
import { Code, kitError, StatusError } from '../../core/status.js';
import { type LongRunningMethod, type Schema, SchemaError, serviceDefinition } from '../../schema/index.js';
import { type ImplementedMethod, implement, type Service, service } from '../../server/index.js';
import { DEFAULT_SCRIPT, type ParsedMethodScript, type ParsedScript } from '../script/script.js';
import { fullName } from '../script/script-source.js';
import { boundResource, operationParent } from './bound-resource.js';
import { playScript } from './play-script.js';
import { isDryRun, ResourceMemory } from './resources/resource-memory.js';
import { standardMethod } from './resources/standard-method.js';

/** Options of {@link fakeServices}, except the schema. */
export interface FakeServicesOptions {
  /**
   * Behavior of operations and of other methods.
   *
   * @defaultValue each operation takes a second, can be cancelled, and ends with the standard response
   */
  readonly script?: ParsedScript;
  /** Clock for the times of the script. @defaultValue the system clock */
  readonly clock?: Clock;
}

/** Services that do no work but start real operations. */
export interface FakeServices {
  /** All services except `google.longrunning.Operations`, for `createOperations`. */
  readonly services: readonly Service[];
  /** Their long-running methods. */
  readonly methods: readonly ImplementedMethod[];
}

/** Dependencies of faked methods. */
export interface FakeParts {
  /** Returns the current script. Called for every call. */
  readonly script: () => ParsedScript;
  readonly clock: Clock;
  /** Resources that standard methods create. */
  readonly resources: ResourceMemory;
}

/**
 * Fakes every service of a schema. A method that returns `google.longrunning.Operation` starts an operation that
 * follows the script. Another unary method answers as scripted. Without a script, standard methods (AIP-131 to
 * 135) serve the resources created before, and other methods answer UNIMPLEMENTED.
 *
 * Operations are named under the project and location of the resource in the HTTP path of their method. If there
 * is none, they are named under the parent of the resource, or else `operations/{id}`. The metadata fields `verb` and
 * `target` are set if the type has them and the script does not set them. With `validate_only`, the operation of a standard
 * method ends at once and changes nothing.
 *
 * @throws SchemaError if the schema has no services.
 *
 * @example
 * ```ts
 * import { Server, ServerCredentials } from '@grpc/grpc-js';
 * import { createOperations } from 'longrunning/server';
 *
 * const schema = await loadSchema({ files: ['acme/jobs/v1/jobs.proto'], includeDirs: ['protos'] });
 * const operations = createOperations({ services: fakeServices(schema).services });
 * const server = new Server();
 * operations.addTo(server);
 * server.bindAsync('127.0.0.1:50051', ServerCredentials.createInsecure(), () => {});
 * ```
 */
export function fakeServices(schema: Schema, options: FakeServicesOptions = {}): FakeServices {
  const { script = DEFAULT_SCRIPT, clock = systemClock } = options;
  return fakeServicesWith(schema, { script: () => script, clock, resources: new ResourceMemory() });
}

/** Variant of {@link fakeServices} with a script that may change and resources that other services may share. */
export function fakeServicesWith(schema: Schema, parts: FakeParts): FakeServices {
  if (schema.services.length === 0) {
    throw new SchemaError(`no service in ${schema.files.join(', ')}: name the file that declares one`);
  }
  const implemented = new Map<DescMethod, ImplementedMethod>();
  for (const method of schema.methods) implemented.set(method.descriptor, fakeMethod(method, schema, parts));
  const fakeOf = (method: DescMethod): FakeHandler => {
    const longRunning = implemented.get(method);
    if (longRunning) return { handler: longRunning };
    return method.methodKind === 'unary'
      ? unaryHandler(method, schema, parts)
      : { handler: unimplemented(method) };
  };
  return {
    methods: [...implemented.values()],
    services: schema.services.map((described) => {
      const fakes = described.methods.map((method) => ({ method, ...fakeOf(method) }));
      const handlers = Object.fromEntries(fakes.map(({ method, handler }) => [method.name, handler]));
      const nameOf = Object.fromEntries(
        fakes.flatMap(({ method, nameOf }) => (nameOf ? [[method.name, nameOf]] : [])),
      );
      return service(serviceDefinition(described), handlers, { nameOf });
    }),
  };
}

/** Handler of a faked method, and the resource that its requests refer to unless the convention tells. */
interface FakeHandler {
  readonly handler: ImplementedMethod | UntypedHandleCall;
  readonly nameOf?: ((request: unknown) => string) | undefined;
}

function fakeMethod(
  method: LongRunningMethod,
  { annotationOf }: Schema,
  parts: FakeParts,
): ImplementedMethod {
  const { clock, resources } = parts;
  const { input } = method.descriptor;
  const scriptNow = (): ParsedMethodScript => {
    const script = parts.script();
    return script.methods.get(method.name) ?? script.default;
  };
  const { metadata, steps } = scriptNow();
  const scripted = [metadata, ...steps.map((step) => step.metadata)];
  const standard = standardMethod(method.descriptor, method.responseType, annotationOf);
  const has = (name: string) => hasText(method.metadataType, name);
  return implement(method, {
    parent: (request) => operationParent(method, request),
    onStart(request) {
      if (!standard || !isStandard(scriptNow())) return undefined;
      const given = { standard, input, request };
      resources.check(given);
      return isDryRun(given) ? method.response.fromPartial(resources.result(given) ?? {}) : undefined;
    },
    metadata: (request): object => {
      const target =
        standard?.kind === 'create' && has('target')
          ? resources.reserveName(standard, input, request)
          : undefined;
      return { ...filledIn(method, request), ...(target && { target }), ...scriptNow().metadata };
    },
    async run(request, context) {
      const scripted = await playScript(scriptNow(), context, clock);
      if (!standard) return scripted ?? {};
      const given = { standard, input, request };
      const { target } = context.metadata as { readonly target?: string };
      const result = resources.result(given, target);
      const response = method.response.fromPartial(scripted ?? result ?? {});
      resources.settle(given, response, nameOf(result));
      return response;
    },
    get cancellable() {
      return scriptNow().onCancel !== 'unimplemented';
    },
    onInterrupted: scriptNow().onInterrupted,
    ownMetadataFields: scripted.flatMap((fields) => Object.keys(fields)),
  }) as ImplementedMethod;
}

/** Returns true if the script leaves the ending to the standard method, which then checks its requests. */
function isStandard({ ending }: ParsedMethodScript): boolean {
  return ending.type === 'standard';
}

function nameOf(resource: Message | undefined): string {
  return (resource as { readonly name?: string } | undefined)?.name ?? '';
}

/** Metadata fields that name the verb and target resource across Google's APIs. */
function filledIn(method: LongRunningMethod, request: Message): object {
  const verb = /^[A-Za-z][a-z0-9]*/.exec(method.descriptor.name)?.[0].toLowerCase();
  const target = boundResource(method, request);
  const has = (name: string) => hasText(method.metadataType, name);
  return {
    ...(verb !== undefined && has('verb') && { verb }),
    ...(target !== undefined && has('target') && { target }),
  };
}

function hasText(type: DescMessage, name: string): boolean {
  const field = type.field[name];
  return field?.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && !field.oneof;
}

/** Creates a handler that answers as scripted, or else as a standard method. */
function unaryHandler(
  method: DescMethod,
  { annotationOf, registry }: Schema,
  { script, resources }: FakeParts,
): FakeHandler {
  const standard = standardMethod(method, method.output, annotationOf);
  const answerTo = (request: Message): object => {
    const scripted = script().answers.get(fullName(method));
    if (scripted?.type === 'error') throw scripted.error;
    if (scripted) return scripted.response;
    if (!standard) throw notFaked(method);
    return resources.answer(standard, method, request, registry);
  };
  const handler: handleUnaryCall<Message, object> = (call, callback) => {
    try {
      callback(null, answerTo(call.request));
    } catch (error) {
      callback(toServerError(StatusError.from(error)));
    }
  };
  if (standard?.kind !== 'update') return { handler: handler as UntypedHandleCall };
  const { localName } = standard.resource;
  return {
    handler: handler as UntypedHandleCall,
    nameOf: (request) => nameOf((request as Readonly<Record<string, Message | undefined>>)[localName]),
  };
}

/** Handler of streaming methods, which cannot be faked. */
function unimplemented(method: DescMethod): UntypedHandleCall {
  const error = toServerError(notFaked(method));
  switch (method.methodKind) {
    case 'unary':
    case 'client_streaming':
      return (_call: unknown, callback: (error: object) => void) => callback(error);
    case 'server_streaming':
    case 'bidi_streaming':
      return (call: { emit(event: 'error', error: object): void }) => call.emit('error', error);
  }
}

function notFaked(method: DescMethod): StatusError {
  const name = fullName(method);
  const advice = method.methodKind === 'unary' ? 'set its answer in the script' : 'streams cannot be faked';
  const message = `method ${name} is not faked because it neither starts an operation nor is a standard method: ${advice}`;
  return kitError(Code.UNIMPLEMENTED, 'METHOD_NOT_FAKED', message, { metadata: { method: name } });
}
