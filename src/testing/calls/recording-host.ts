import type {
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  sendUnaryData,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { contain } from '../../core/contain.js';
import { FORWARDED_PEER_HEADER } from '../../core/forwarded-peer.js';
import type { MountedMethod, MountedService, ServiceHost } from '../../core/service.js';
import { Code } from '../../core/status.js';
import { Exchange, type ExchangeParts, type IncomingCall } from './exchange.js';
import { REST_REQUEST_HEADER } from './rest-front.js';

/** Wraps the handlers of a host to record calls and to inject faults, over gRPC and REST alike. */
export class RecordingHost implements ServiceHost {
  readonly #host: ServiceHost;
  readonly #parts: ExchangeParts;
  readonly #wrapped = new WeakMap<MountedService, MountedService>();

  constructor(host: ServiceHost, parts: ExchangeParts) {
    this.#host = host;
    this.#parts = parts;
  }

  get authenticate(): ServiceHost['authenticate'] {
    return this.#host.authenticate;
  }

  get health(): ServiceHost['health'] {
    return this.#host.health;
  }

  mount(services?: Parameters<ServiceHost['mount']>[0]): readonly MountedService[] {
    return this.#host.mount(services).map((mounted) => {
      const wrapped = this.#wrapped.get(mounted) ?? {
        ...mounted,
        methods: mounted.methods.map((method) => this.#wrap(method)),
      };
      this.#wrapped.set(mounted, wrapped);
      return wrapped;
    });
  }

  #wrap(method: MountedMethod): MountedMethod {
    const { requestStream, responseStream } = method.definition;
    // The requests of a stream arrive after its handler was called.
    if (requestStream) return method;
    const handle = responseStream ? recordedStream(this.#parts, method) : recordedUnary(this.#parts, method);
    return { ...method, handle: handle as UntypedHandleCall };
  }
}

function recordedUnary(
  parts: ExchangeParts,
  { definition, handle }: MountedMethod,
): handleUnaryCall<unknown, unknown> {
  const { path, responseSerialize: serialize } = definition;
  const handler = handle as handleUnaryCall<unknown, unknown>;
  return (call, callback) => {
    const request = takeRestRequest(call.metadata);
    const method = parts.methodAt(path);
    if (!method) return handler(call, callback);
    const exchange = new Exchange(parts, method, { ...originOf(call, request), serialize, send: callback });
    call.once('cancelled', () => exchange.giveUp());
    begin(exchange, call, () => handler(call, (...answer) => exchange.answer(...answer)));
  };
}

/** Faults that alter answers do not apply to streams of answers. */
function recordedStream(
  parts: ExchangeParts,
  { definition, handle }: MountedMethod,
): handleServerStreamingCall<unknown, unknown> {
  const { path, responseSerialize: serialize } = definition;
  const handler = handle as handleServerStreamingCall<unknown, unknown>;
  return (call) => {
    const request = takeRestRequest(call.metadata);
    const method = parts.methodAt(path);
    if (!method) return handler(call);
    const send: sendUnaryData<unknown> = (error, message) => {
      if (error) call.emit('error', error);
      else call.end(message);
    };
    const exchange = new Exchange(parts, method, { ...originOf(call, request), serialize, send });
    call.once('error', (error: { readonly code?: number; readonly details?: string } & Error) =>
      exchange.end(error.code ?? Code.UNKNOWN, error.details ?? error.message),
    );
    // Emitted at the end of every call, cancelled or not.
    call.once('cancelled', () => (call.writableEnded ? exchange.end(0, '') : exchange.giveUp()));
    begin(exchange, call, () => handler(call));
  };
}

/** Begins an exchange. Its faults may change the request before the handler sees it. */
function begin(exchange: Exchange, call: { request: unknown }, proceed: () => void): void {
  contain(
    () =>
      exchange.begin(call.request, (request) => {
        call.request = request;
        proceed();
      }),
    (error) => exchange.fail(error),
  );
}

/** Returns the key of the REST request that a call is from, and removes it, so that handlers do not see it. */
function takeRestRequest(metadata: Metadata): string | undefined {
  const [request] = metadata.get(REST_REQUEST_HEADER);
  if (request === undefined) return undefined;
  metadata.remove(REST_REQUEST_HEADER);
  return String(request);
}

function originOf(
  call: Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'>,
  request: string | undefined,
): Pick<IncomingCall, 'over' | 'headers' | 'connection'> {
  const headers = textOf(call.metadata);
  return request === undefined
    ? { over: 'gRPC', headers, connection: call.getPeer() }
    : { over: 'REST', headers, connection: request };
}

function textOf(metadata: Metadata): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata.getMap()).filter(([name]) => name !== FORWARDED_PEER_HEADER);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value : value.toString('base64')]),
  );
}
