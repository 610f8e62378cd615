import type { handleUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import type { Operation, OperationsServer } from '../../../generated/google/longrunning/operations.js';
import { assertWireFormat } from '../../core/any.js';
import type { CallHead, CallRefusal } from '../../core/authenticate.js';
import type { MountedMethod, MountedService, Service, ServiceMethod } from '../../core/service.js';
import { GrpcCallFacts, textHeaders } from '../access/call-facts.js';
import { authenticate } from '../access/gate.js';
import type { EntryParts } from '../access/on-behalf.js';
import { observedHandler, observeRefusal } from '../telemetry/observed-handler.js';
import type { ImplementedMethod } from '../work/implement.js';
import {
  admitting,
  grpcHandlers,
  OperationsService,
  refusal,
  strictService,
  unary,
} from './grpc-handlers.js';
import { guarded, guardedHandler, namedResource } from './guarded-handlers.js';
import { serializeOperation } from './operation-codec.js';
import { service } from './service.js';

const OPERATIONS = 'google.longrunning.Operations';

/** Dependencies of {@link GrpcEntry}. */
export interface GrpcEntryParts extends EntryParts {
  /** Adds a method unless the server has it. */
  readonly serve: (implemented: ImplementedMethod) => void;
}

/** Entry of gRPC calls: handlers with authorization, limits of callers and telemetry. */
export class GrpcEntry {
  readonly handlers: OperationsServer;
  readonly #parts: GrpcEntryParts;
  /** Paths of the methods that need authorization. */
  readonly #guardedPaths = new Set<string>(Object.values(OperationsService).map(({ path }) => path));
  readonly #operations: MountedService;
  readonly #mounted = new WeakMap<Service, MountedService>();
  readonly #names = new Set<string>();

  constructor(parts: GrpcEntryParts) {
    this.#parts = parts;
    this.handlers = grpcHandlers(parts);
    const { name, methods } = service(OperationsService, this.handlers);
    this.#operations = {
      name,
      methods: methods.flatMap(({ key, definition, handler }) =>
        handler.kind === 'handler' ? { key, definition, handle: handler.handle } : [],
      ),
    };
  }

  /** Full names of the mounted services. */
  get services(): ReadonlySet<string> {
    return this.#names;
  }

  async authenticate({ method, metadata, peer }: CallHead): Promise<CallRefusal | undefined> {
    if (!this.#parts.gate || !this.#guardedPaths.has(method)) return undefined;
    const facts = new GrpcCallFacts(method, '', { metadata, getPeer: () => peer });
    try {
      await authenticate(this.#parts, facts);
      return undefined;
    } catch (thrown) {
      const refused = refusal(method, this.#parts.logger, thrown);
      observeRefusal(this.#parts, facts, refused.code);
      return refused;
    }
  }

  starter<Request>(implemented: ImplementedMethod<Request>): handleUnaryCall<Request, Operation> {
    const { path } = implemented.method;
    const { served, start, logger } = this.#parts;
    const method = served(path);
    this.#guardedPaths.add(path);
    const nameOf = (request: Request) => method.parentOf(request);
    const handler = unary<Request, Operation>(
      path,
      logger,
      admitting(this.#parts, path, nameOf, (call, { caller }) => {
        const context = { headers: textHeaders(call.metadata), caller };
        return start(served(path), call.request as object, context);
      }),
    );
    return observedHandler(path, this.#parts, handler, 'start');
  }

  guarded<Request, Response>(
    path: string,
    handler: handleUnaryCall<Request, Response>,
    nameOf: (request: Request) => string = namedResource,
  ): handleUnaryCall<Request, Response> {
    this.#guardedPaths.add(path);
    const { gate, limits, logger } = this.#parts;
    const entered = guarded({ gate, limits, path, nameOf, logger }, handler);
    return observedHandler(path, this.#parts, entered, 'other');
  }

  /**
   * Mounts services, with `google.longrunning.Operations` as the first.
   *
   * @throws TypeError if two of them have the same name.
   */
  mount(services: readonly Service[]): readonly MountedService[] {
    assertDistinct(services);
    return [this.#operations, ...Array.from(new Set(services), (each) => this.#mount(each))];
  }

  #mount(given: Service): MountedService {
    const { name, methods } = given;
    const mounted = this.#mounted.get(given) ?? {
      name,
      methods: methods.map((method) => this.#mountMethod(method)),
    };
    this.#mounted.set(given, mounted);
    this.#names.add(name);
    return mounted;
  }

  #mountMethod({ key, definition, handler, nameOf = namedResource }: ServiceMethod): MountedMethod {
    const { path, requestStream, responseStream } = definition;
    const strict = { ...definition, ...strictService({ [key]: definition })[key] };
    switch (handler.kind) {
      case 'long-running': {
        const implemented = handler.implemented as ImplementedMethod;
        this.#parts.serve(implemented);
        const { request } = implemented.method;
        // The codec of the implementation, because the definition may come from another generator.
        const requestDeserialize = (bytes: Buffer) => {
          assertWireFormat(bytes);
          return request.decode(bytes);
        };
        return {
          key,
          definition: { ...strict, requestDeserialize, responseSerialize: serializeOperation },
          handle: this.starter(implemented) as UntypedHandleCall,
        };
      }
      case 'handler': {
        this.#guardedPaths.add(path);
        const { gate, limits, logger } = this.#parts;
        const method = { gate, limits, logger, path, nameOf, requestStream, responseStream };
        return { key, definition: strict, handle: guardedHandler(method, this.#parts, handler.handle) };
      }
    }
  }
}

/** @throws TypeError if two services have the same name, or one is `google.longrunning.Operations`. */
export function assertDistinct(services: readonly Service[]): void {
  const names = Array.from(new Set(services), ({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new TypeError(`service ${twice} is given twice: give it once, with all its handlers`);
  if (names.includes(OPERATIONS))
    throw new TypeError(`service ${OPERATIONS} is given: leave it out, it is always served`);
}
