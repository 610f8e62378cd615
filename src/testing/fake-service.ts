import { type DescMessage, type DescMethod, type Message, ScalarType } from '@bufbuild/protobuf';
import type { Server, UntypedHandleCall } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../clock.js';
import { toServerError } from '../grpc-status.js';
import { addServices, type LongRunningMethod, type Schema, SchemaError } from '../schema/index.js';
import { type ImplementedMethod, implement, type Operations } from '../server/index.js';
import { Code, kitError } from '../status.js';
import { boundResource, operationParent } from './bound-resource.js';
import { playScript } from './play-script.js';
import { DEFAULT_SCRIPT, type MethodScript, type Script } from './script.js';

/** What {@link fakeServices} takes besides the schema. */
export interface FakeServicesOptions {
  /** How operations go. @defaultValue each takes a second, can be cancelled, answers the empty message */
  readonly script?: Script;
  /** Where the times of the script come from. @defaultValue the machine's */
  readonly clock?: Clock;
}

/** Services that do no work, but whose operations are real. */
export interface FakeServices {
  /** The long-running methods, for `createOperations`. */
  readonly methods: readonly ImplementedMethod[];
  /** Adds every service to a gRPC server, but not `google.longrunning.Operations` itself. */
  addTo(server: Server, operations: Operations): void;
}

/**
 * Fakes every service of a schema. A method that returns `google.longrunning.Operation` starts an operation,
 * which goes as the script says; every other method answers UNIMPLEMENTED.
 *
 * An operation is named under the project and location of the resource that the HTTP path of its method takes,
 * else under the request's `parent`, else plain `operations/{id}`. Metadata fields `verb` and `target` are filled
 * in where the type has them, unless the script sets them. `validate_only` is ignored.
 *
 * @throws SchemaError when the schema has no services.
 *
 * @example
 * ```ts
 * import { Server, ServerCredentials } from '@grpc/grpc-js';
 * import { createOperations, OperationsService } from 'longrunning/server';
 * import { fakeServices, loadSchema } from 'longrunning/testing';
 *
 * const schema = await loadSchema({ files: ['acme/jobs/v1/jobs.proto'], includeDirs: ['protos'] });
 * const fakes = fakeServices(schema);
 * const operations = createOperations({ methods: fakes.methods });
 * const server = new Server();
 * server.addService(OperationsService, operations.handlers);
 * fakes.addTo(server, operations);
 * server.bindAsync('127.0.0.1:50051', ServerCredentials.createInsecure(), () => {});
 * ```
 */
export function fakeServices(schema: Schema, options: FakeServicesOptions = {}): FakeServices {
  if (schema.services.length === 0) {
    throw new SchemaError(`no service in ${schema.files.join(', ')}: name the file that declares one`);
  }
  const { script = DEFAULT_SCRIPT, clock = systemClock } = options;
  const implemented = new Map<DescMethod, ImplementedMethod>();
  for (const method of schema.methods) {
    const methodScript = script.methods.get(method.name) ?? script.default;
    implemented.set(method.descriptor, fakeMethod(method, methodScript, clock));
  }
  return {
    methods: [...implemented.values()],
    addTo(server, operations) {
      addServices(server, schema, (method) => {
        const longRunning = implemented.get(method);
        return longRunning ? operations.starter(longRunning) : unimplemented(method);
      });
    },
  };
}

function fakeMethod(method: LongRunningMethod, script: MethodScript, clock: Clock): ImplementedMethod {
  const scripted = [script.metadata, ...script.steps.map(({ metadata }) => metadata)];
  return implement(method, {
    parent: (request) => operationParent(method, request),
    metadata: (request) => ({ ...filledIn(method, request), ...script.metadata }),
    run: (_, context) => playScript(script, context, clock),
    cancellable: script.onCancel !== 'unimplemented',
    onInterrupted: script.onInterrupted,
    ownMetadataFields: scripted.flatMap((fields) => Object.keys(fields)),
  }) as ImplementedMethod;
}

/** The metadata fields that tell, across Google's APIs, what is being done to which resource. */
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

function unimplemented(method: DescMethod): UntypedHandleCall {
  const name = `${method.parent.typeName}.${method.name}`;
  const error = kitError(
    Code.UNIMPLEMENTED,
    'METHOD_NOT_FAKED',
    `method ${name} is not faked, as it returns no single google.longrunning.Operation: call one that does`,
    { metadata: { method: name } },
  );
  switch (method.methodKind) {
    case 'unary':
    case 'client_streaming':
      return (_call: unknown, callback: (error: object) => void) => callback(toServerError(error));
    case 'server_streaming':
    case 'bidi_streaming':
      return (call: { emit(event: 'error', error: object): void }) =>
        call.emit('error', toServerError(error));
  }
}
