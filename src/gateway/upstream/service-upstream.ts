import type { handleUnaryCall } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import type { MountedService } from '../../core/service.js';
import { Code, StatusError } from '../../core/status.js';
import { DirectCall, type UnaryMethod } from './direct-call.js';
import { closed, type Upstream, type UpstreamAnswer, type UpstreamCall } from './upstream.js';

/** Services of this process. A call is a call of the handler, without a connection. */
export class ServiceUpstream implements Upstream {
  readonly #mount: () => readonly MountedService[];
  readonly #maxRequestBytes: number;
  #methods: ReadonlyMap<string, UnaryMethod> | undefined;
  #closed = false;

  /**
   * @param mount - returns the services. Called once.
   * @param maxRequestBytes - upper bound on an encoded request, as a gRPC server has.
   */
  constructor(mount: () => readonly MountedService[], maxRequestBytes: number) {
    this.#mount = mount;
    this.#maxRequestBytes = maxRequestBytes;
  }

  /** Mounts the services, if they are not mounted yet. */
  open(): ReadonlyMap<string, UnaryMethod> {
    this.#methods ??= unaryMethods(this.#mount());
    return this.#methods;
  }

  call(path: string, request: Uint8Array, options: UpstreamCall): Promise<UpstreamAnswer> {
    if (this.#closed) return Promise.resolve(closed());
    const method = this.open().get(path);
    // The errors of grpc-js for the same cases.
    if (!method) return failed(Code.UNIMPLEMENTED, `The server does not implement the method ${path}`);
    if (request.length > this.#maxRequestBytes)
      return failed(
        Code.RESOURCE_EXHAUSTED,
        `Received message larger than max (${request.length} vs ${this.#maxRequestBytes})`,
      );
    return DirectCall.make(method, path, request, options);
  }

  close(): void {
    this.#closed = true;
  }
}

function unaryMethods(services: readonly MountedService[]): ReadonlyMap<string, UnaryMethod> {
  const methods = services.flatMap((service) => service.methods);
  return new Map(
    methods
      .filter(({ definition }) => !definition.requestStream && !definition.responseStream)
      .map(({ definition, handle }) => [
        definition.path,
        {
          handle: handle as handleUnaryCall<unknown, unknown>,
          deserialize: definition.requestDeserialize,
          serialize: definition.responseSerialize,
        },
      ]),
  );
}

function failed(code: Code, message: string): Promise<UpstreamAnswer> {
  return Promise.resolve({
    kind: 'error',
    error: new StatusError(code, message),
    metadata: new Metadata(),
  });
}
