import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { nearest } from '../../core/nearest.js';
import type { MethodHandler, Service, ServiceMethod } from '../../core/service.js';
import type { ImplementedMethod } from '../work/implement.js';
import { assertCodecs } from './grpc-handlers.js';
import { returnsOperation } from './operation-codec.js';

/** Method of a service definition for grpc-js. */
export interface DefinedMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: never): Buffer;
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(value: never): Buffer;
  responseDeserialize(bytes: Buffer): unknown;
}

type RequestOf<Method> = Method extends { requestDeserialize(bytes: Buffer): infer Request }
  ? Request
  : never;
type ResponseOf<Method> = Method extends { responseSerialize(value: infer Response): Buffer }
  ? Response
  : never;
type PathOf<Method> = Method extends { readonly path: infer Path extends string } ? Path : string;

/** Unary handlers. A message with the fields of an Operation, of whichever generator, is one. */
type UnaryHandlerOf<Method> =
  | handleUnaryCall<RequestOf<Method>, ResponseOf<Method>>
  | ('name' | 'done' | 'metadata' extends keyof ResponseOf<Method>
      ? ImplementedMethod<RequestOf<Method>, unknown, unknown, PathOf<Method>>
      : never);

type HandlerOf<Method> = Method extends { readonly requestStream: false; readonly responseStream: false }
  ? UnaryHandlerOf<Method>
  : Method extends { readonly requestStream: true; readonly responseStream: false }
    ? handleClientStreamingCall<RequestOf<Method>, ResponseOf<Method>>
    : Method extends { readonly requestStream: false; readonly responseStream: true }
      ? handleServerStreamingCall<RequestOf<Method>, ResponseOf<Method>>
      : Method extends { readonly requestStream: true; readonly responseStream: true }
        ? handleBidiStreamingCall<RequestOf<Method>, ResponseOf<Method>>
        : // Of a definition that was loaded at run time, nothing is known.
            | UntypedHandleCall
            | handleUnaryCall<RequestOf<Method>, ResponseOf<Method>>
            | ImplementedMethod<RequestOf<Method>, unknown, unknown, PathOf<Method>>;

/**
 * Handlers of a service: for every method a handler of grpc-js, or what {@link implement} returned if the method returns
 * `google.longrunning.Operation`. Handlers are called as methods of the object.
 */
export type ServiceHandlers<Definition> = {
  readonly [Method in keyof Definition]: HandlerOf<Definition[Method]>;
};

/** Options of {@link service}. */
export interface ServiceOptions<Definition> {
  /**
   * Functions that return the resource to which a request of a method refers, for authorization. Long-running methods use the
   * `parent` of their implementation.
   *
   * @defaultValue the request's `name`, or else its `parent`
   */
  readonly nameOf?:
    | {
        readonly [Method in keyof Definition]?:
          | ((request: RequestOf<Definition[Method]>) => string)
          | undefined;
      }
    | undefined;
}

/**
 * Binds a gRPC service definition to its handlers. The result is data for `createOperations`, `addTo`, `createGateway` and
 * `serve`. They add strict decoding, authorization, limits of callers and telemetry to every method.
 *
 * Definitions come from ts-proto (`outputServices=grpc-js`) or `@grpc/proto-loader`.
 *
 * @throws TypeError if a handler is missing, has no method, or is the implementation of another method.
 *
 * @example
 * ```ts
 * const reports = service(ReportsService, { exportReport, purgeReports });
 * const operations = createOperations({ services: [reports] });
 * ```
 */
export function service<const Definition extends Readonly<Record<keyof Definition, DefinedMethod>>>(
  definition: Definition,
  handlers: ServiceHandlers<Definition>,
  options: ServiceOptions<Definition> = {},
): Service {
  const methods = Object.entries(definitionOf(definition));
  for (const [key, method] of methods) assertCodecs(key, method);
  const name = methods[0]?.[1].path.split('/')[1];
  if (name === undefined)
    throw new TypeError('service definition has no methods: pass the definition of a service with methods');
  if (typeof handlers !== 'object' || handlers === null)
    throw new TypeError(`handlers of ${name} must be an object with one handler per method, got ${handlers}`);
  const given = new GivenHandlers(name, handlers as Readonly<Record<string, unknown>>);
  given.assertKnown(methods);
  const nameOf = (options.nameOf ?? {}) as Readonly<Record<string, ServiceMethod['nameOf']>>;
  return {
    name,
    methods: methods.map(([key, method]) => ({
      key,
      definition: method,
      handler: given.handlerOf(key, method),
      nameOf: nameOf[key],
    })),
  };
}

type LoadedMethod = MethodDefinition<unknown, unknown>;

function definitionOf(definition: unknown): Readonly<Record<string, LoadedMethod>> {
  if (typeof definition === 'function' && 'service' in definition)
    throw new TypeError('service definition is a client class: pass its property `service`');
  if (typeof definition !== 'object' || definition === null)
    throw new TypeError(`service definition must be an object, got ${definition}: pass the generated one`);
  return definition as Readonly<Record<string, LoadedMethod>>;
}

/** Handlers as the application passed them. */
class GivenHandlers {
  readonly #service: string;
  readonly #handlers: Readonly<Record<string, unknown>>;

  constructor(service: string, handlers: Readonly<Record<string, unknown>>) {
    this.#service = service;
    this.#handlers = handlers;
  }

  /** Checks the keys of a plain object. Instances of classes may have other members. */
  assertKnown(methods: readonly (readonly [string, LoadedMethod])[]): void {
    const prototype: unknown = Object.getPrototypeOf(this.#handlers);
    if (prototype !== null && prototype !== Object.prototype) return;
    const known = methods.flatMap(([key, { originalName }]) => [key, originalName ?? key]);
    const stray = Object.keys(this.#handlers).find((key) => !known.includes(key));
    if (stray === undefined) return;
    const near = nearest(stray, known);
    const advice = near === undefined ? 'remove it' : `did you mean ${near}?`;
    throw new TypeError(`service ${this.#service} has no method ${stray}: ${advice}`);
  }

  handlerOf(key: string, definition: LoadedMethod): MethodHandler {
    const { path, originalName } = definition;
    const handler = this.#get(key) ?? (originalName === undefined ? undefined : this.#get(originalName));
    if (typeof handler === 'function')
      return { kind: 'handler', handle: handler.bind(this.#handlers) as UntypedHandleCall };
    if (!isImplemented(handler)) {
      const state = handler === undefined || handler === null ? 'is missing' : 'is neither';
      throw new TypeError(
        `handler of method ${key} (${path}) ${state}: pass ${key}, a function for grpc-js or the result of implement()`,
      );
    }
    const implemented = handler.method.path;
    if (implemented !== path)
      throw new TypeError(
        `handler of method ${key} (${path}) implements ${implemented}: pass the implementation of ${path}`,
      );
    const isUnary = !definition.requestStream && !definition.responseStream;
    if (!isUnary || !returnsOperation((bytes) => definition.responseDeserialize(bytes)))
      throw new TypeError(
        `method ${key} (${path}) does not return google.longrunning.Operation: pass a function for grpc-js instead of an implementation`,
      );
    return { kind: 'long-running', implemented: handler };
  }

  #get(key: string): unknown {
    const handler = this.#handlers[key];
    // Every object inherits `toString`, which may be the name of a method.
    return handler === (Object.prototype as unknown as Readonly<Record<string, unknown>>)[key]
      ? undefined
      : handler;
  }
}

function isImplemented(handler: unknown): handler is ImplementedMethod {
  const { method, implementation } = Object(handler) as Partial<ImplementedMethod>;
  return typeof method?.path === 'string' && typeof implementation === 'object' && implementation !== null;
}
