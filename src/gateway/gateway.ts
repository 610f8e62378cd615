import type { Duplex } from 'node:stream';
import type { ChannelCredentials, Client, Server } from '@grpc/grpc-js';
import type { Authenticate } from '../core/authenticate.js';
import { type Clock, systemClock } from '../core/clock.js';
import { gatewayLogger, type Logger } from '../core/logger.js';
import { withDefaults } from '../core/options.js';
import type { Service, ServiceHost } from '../core/service.js';
import { type BuiltInAnswer, BuiltInEndpoints } from './built-in-endpoints.js';
import { peerOf, RequestHandler } from './handler.js';
import { CallHeaders } from './http/call-headers.js';
import { ClientErrors } from './http/client-error.js';
import { Cors } from './http/cors.js';
import { HealthEndpoint, type Readiness } from './http/health-endpoint.js';
import type { Gateway } from './http/http-message.js';
import { DEFAULT_LIMITS, type GatewayLimits } from './http/limits.js';
import { MessageJson } from './json/message-json.js';
import { RequestTranscoder } from './json/transcode-request.js';
import { nodeListener, serverOptions } from './node-listener.js';
import { describeServices, type OpenApiSettings } from './openapi/document.js';
import { OpenApiEndpoint } from './openapi/endpoint.js';
import {
  type DescribedServices,
  readServices,
  type ServiceDescription,
} from './openapi/service-description.js';
import { knownTypes } from './rules/descriptors.js';
import { ChannelUpstream } from './upstream/channel-upstream.js';
import { InProcessUpstream } from './upstream/in-process-upstream.js';
import { ServiceUpstream } from './upstream/service-upstream.js';
import type { Upstream } from './upstream/upstream.js';

/**
 * Options of a gateway: where its calls go, and its settings. It calls operations and services of this process, whose handlers
 * are called directly; an address, over a channel that the gateway owns; an existing channel; or a grpc-js server of this
 * process, which need not listen.
 */
export type GatewayOptions = GatewaySettings &
  (
    | {
        /** `host:port`, `unix:/path` or another target of grpc-js. */
        readonly target: string;
        /** @defaultValue plain text to this machine, TLS to any other */
        readonly credentials?: ChannelCredentials | undefined;
      }
    | { readonly channel: ReturnType<Client['getChannel']> }
    | {
        /** Server of this process. To its handlers, the peer of REST calls is "unknown"; handlers of services see the client. */
        readonly server: Server;
      }
    | {
        /** Operations of this process. Their `authenticate` is used unless there is another one. */
        readonly operations: ServiceHost;
        /** Further services to serve, beside those of the operations. @defaultValue none */
        readonly services?: readonly Service[] | undefined;
      }
  );

/** Destination of calls. */
export type GatewayTarget = TargetOf<GatewayOptions>;

type TargetOf<Options> = Options extends unknown ? Omit<Options, keyof GatewaySettings> : never;

/** Options of a gateway, except where its calls go. */
export interface GatewaySettings extends ServiceDescription {
  /**
   * Additional headers to forward as call metadata, and response metadata to return as headers. `authorization`,
   * `traceparent`, `tracestate` and `x-goog-*` are always forwarded; `retry-after`, `www-authenticate` and
   * `x-goog-*` are always returned.
   *
   * @defaultValue none
   */
  readonly headers?: readonly string[] | undefined;
  /** Upper bounds on requests and on memory. @defaultValue those of {@link GatewayLimits} */
  readonly limits?: GatewayLimits | undefined;
  /**
   * Rejects calls by their headers before the body is read. For a `server` in this process, pass
   * `operations.authenticate`.
   *
   * @defaultValue that of `operations`; none for other destinations, which reject calls when they receive them
   */
  readonly authenticate?: Authenticate | undefined;
  /** Origins whose pages may read responses. @defaultValue none */
  readonly cors?:
    | {
        /** Origins such as `https://console.example.com`, or `*` for all of them, without cookies. */
        readonly origins: readonly string[] | '*';
        /** Seconds for which a browser may cache the answer to a preflight request. @defaultValue 600 */
        readonly maxAgeSeconds?: number | undefined;
      }
    | undefined;
  /**
   * Contents of `GET /openapi.json`, an OpenAPI description of the services. It is public, and served unless a
   * rule has that path. `off` disables it.
   *
   * @defaultValue a document that `openApiDocument` creates without settings
   */
  readonly openApi?: OpenApiSettings | 'off' | undefined;
  /**
   * Serves `GET /healthz` and `GET /readyz`, unless a rule has that path. `/healthz` returns 200. `/readyz`
   * returns 200 while `operations`, or `grpc.health.v1.Health` of another destination, reports SERVING, otherwise 503. A
   * server without that service is ready if it responds.
   *
   * @defaultValue 'on'
   */
  readonly health?: 'on' | 'off' | undefined;
  /** Receives errors of the gateway itself. @defaultValue standard error */
  readonly logger?: Logger | undefined;
  /** Clock that times the arrival of bodies. @defaultValue the system clock */
  readonly clock?: Clock | undefined;
}

const DEFAULTS = {
  headers: [],
  openApi: {},
  health: 'on' as 'on' | 'off',
  clock: systemClock,
} satisfies Partial<GatewaySettings>;

/**
 * Serves gRPC services over HTTP and JSON according to their `google.api.http` rules. It supports unary methods;
 * the services can be in any language.
 *
 * @throws HttpRuleError if a rule is invalid; TypeError if descriptors or a header name are invalid.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ operations, descriptors: readFileSync('api.binpb') });
 * const server = createServer(gateway.serverOptions, gateway).on('clientError', gateway.onClientError);
 * server.listen(8080);   // POST /v1/projects/p/locations/l/operations/7:cancel
 * ```
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { headers, openApi, health, cors, clock } = withDefaults(DEFAULTS, options);
  const logger = gatewayLogger(options.logger);
  const limits = withDefaults(DEFAULT_LIMITS, options.limits ?? {});
  const services = readServices(options);
  const types = knownTypes(services.registry);
  const json = new MessageJson(types);
  const clientErrors = new ClientErrors(json);
  const { upstream, readiness, open } = upstreamOf(options, limits);
  const callHeaders = new CallHeaders(headers);
  const described = openApi === 'off' ? [] : openApiEndpoint(services, openApi);
  const probed = health === 'off' ? [] : healthEndpoints(readiness, callHeaders);
  const handler = new RequestHandler({
    rules: services.rules,
    json,
    transcoder: (rule) => new RequestTranscoder(rule, types, limits.bodyValues),
    upstream,
    builtInEndpoints: new BuiltInEndpoints(new Map([...described, ...probed])),
    callHeaders,
    authenticate:
      options.authenticate ?? ('operations' in options ? options.operations.authenticate : undefined),
    cors: new Cors(cors),
    limits,
    logger,
  });
  // Last, because mounted methods may start to work, and the options may be invalid.
  open();
  const close = async () => upstream.close();
  const onClientError = (error: Error, socket: Duplex) => clientErrors.answer(error, socket);
  return Object.assign(nodeListener(handler, limits, { clock, logger, refuse: onClientError }), {
    serverOptions: serverOptions(limits),
    onClientError,
    close,
    [Symbol.asyncDispose]: close,
  });
}

interface Destination {
  readonly upstream: Upstream;
  readonly readiness: Readiness;
  readonly open: () => void;
}

function upstreamOf(target: GatewayTarget, { messageBytes }: Required<GatewayLimits>): Destination {
  if ('operations' in target) {
    const { operations, services } = target;
    const upstream = new ServiceUpstream(() => operations.mount(services), messageBytes);
    return {
      upstream,
      readiness: { kind: 'operations', health: operations.health },
      open: () => upstream.open(),
    };
  }
  const upstream = 'server' in target ? new InProcessUpstream(target.server) : new ChannelUpstream(target);
  return { upstream, readiness: { kind: 'service', upstream }, open() {} };
}

type OwnEndpoint = readonly [path: string, answer: BuiltInAnswer];

function openApiEndpoint(services: DescribedServices, settings: OpenApiSettings): OwnEndpoint[] {
  const endpoint = new OpenApiEndpoint(() => describeServices(services, settings));
  return [['/openapi.json', () => endpoint.answer()]];
}

function healthEndpoints(readiness: Readiness, callHeaders: CallHeaders): OwnEndpoint[] {
  const endpoint = new HealthEndpoint(readiness);
  return [
    ['/healthz', () => endpoint.live()],
    [
      '/readyz',
      (request) =>
        endpoint.ready({
          metadata: callHeaders.toMetadata(request),
          signal: request.signal,
          peer: peerOf(request),
        }),
    ],
  ];
}
