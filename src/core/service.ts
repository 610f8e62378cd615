import type { MethodDefinition, Server, UntypedHandleCall } from '@grpc/grpc-js';
import type { Authenticate } from './authenticate.js';

/** gRPC service with its handlers, created by `service`. Its methods are for hosts, which mount it. */
export interface Service {
  /** Full name: `example.reports.v1.Reports`. */
  readonly name: string;
  readonly methods: readonly ServiceMethod[];
}

/** Method of a service, with its handler. */
export interface ServiceMethod {
  /** Key of the method in the service definition: `exportReport`. */
  readonly key: string;
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handler: MethodHandler;
  /** Returns the resource that a request refers to; undefined selects its `name`, or else its `parent`. */
  readonly nameOf: ((request: unknown) => string) | undefined;
}

/** A grpc-js handler, or the implementation of a long-running method. */
export type MethodHandler =
  | { readonly kind: 'handler'; readonly handle: UntypedHandleCall }
  | { readonly kind: 'long-running'; readonly implemented: unknown };

/** Service as a transport calls it: strict decoding, authorization, limits and telemetry are part of the handlers. */
export interface MountedService {
  readonly name: string;
  readonly methods: readonly MountedMethod[];
}

/** Method of a mounted service. */
export interface MountedMethod {
  readonly key: string;
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handle: UntypedHandleCall;
}

/** Adds mounted services to a gRPC server. */
export function addMounted(server: Server, services: readonly MountedService[]): void {
  for (const { methods } of services) {
    server.addService(
      Object.fromEntries(methods.map(({ key, definition }) => [key, definition])),
      Object.fromEntries(methods.map(({ key, handle }) => [key, handle])),
    );
  }
}

/** Makes services callable. `Operations` is an implementation. */
export interface ServiceHost {
  /**
   * Mounts services. Returns `google.longrunning.Operations`, the services of the host and the given ones, each once.
   *
   * @throws TypeError if two of them have the same name, or a method cannot be mounted.
   */
  mount(services?: readonly Service[]): readonly MountedService[];
  /** Refuses calls by their headers, before their message or body is read. */
  readonly authenticate: Authenticate;
  readonly health: {
    /** Resolves to SERVING or NOT_SERVING. */
    check(): Promise<string>;
  };
}
