import type { Duplex } from 'node:stream';
import type { ChannelCredentials, Server } from '@grpc/grpc-js';
import type { Authenticate } from '../core/authenticate.js';
import { type Clock, systemClock } from '../core/clock.js';
import { gatewayLogger, type Logger } from '../core/logger.js';
import { withDefaults } from '../core/options.js';
import { type BuiltInAnswer, BuiltInEndpoints } from './built-in-endpoints.js';
import { peerOf, RequestHandler } from './handler.js';
import { CallHeaders } from './http/call-headers.js';
import { ClientErrors } from './http/client-error.js';
import { Cors, type CorsOptions } from './http/cors.js';
import { HealthEndpoint } from './http/health-endpoint.js';
import { DEFAULT_LIMITS, type GatewayLimits } from './http/limits.js';
import type { Gateway } from './http/request-listener.js';
import { MessageJson } from './json/message-json.js';
import { RequestTranscoder } from './json/transcode-request.js';
import { nodeListener, serverOptions } from './node-listener.js';
import { describeServices, type OpenApiSettings } from './openapi/openapi-document.js';
import { OpenApiEndpoint } from './openapi/openapi-endpoint.js';
import {
  type DescribedServices,
  readServices,
  type ServiceDescription,
} from './openapi/service-description.js';
import { knownTypes } from './rules/descriptors.js';
import { ChannelUpstream, type GrpcChannel } from './upstream/channel-upstream.js';
import { InProcessUpstream } from './upstream/in-process-upstream.js';
import type { Upstream } from './upstream/upstream.js';

/** What a gateway is told besides where its calls go. */
export interface GatewaySettings extends ServiceDescription {
  /**
   * Names of headers that become metadata of the call, and metadata of the answer that becomes headers, besides
   * `authorization`, `traceparent`, `tracestate` and `x-goog-*`, and `retry-after`, `www-authenticate` and `x-goog-*` back.
   *
   * @defaultValue none
   */
  readonly headers?: readonly string[];
  readonly limits?: GatewayLimits;
  /**
   * Refuses calls by their headers, before the body is read: `operations.authenticate` of a server in this process.
   *
   * @defaultValue none; the server behind the gateway refuses calls once it has got them
   */
  readonly authenticate?: Authenticate | undefined;
  /** Pages of which origins may read answers. @defaultValue none */
  readonly cors?: CorsOptions;
  /**
   * What `GET /openapi.json` is answered with, where no rule has that path: the services as OpenAPI has them, to
   * anybody who asks; `off`: nothing.
   *
   * @defaultValue a document as {@link openApiDocument} makes it with no settings
   */
  readonly openApi?: OpenApiSettings | 'off';
  /**
   * Whether `GET /healthz` and `GET /readyz` are answered, where no rule has that path: 200 while the gateway is there,
   * and while `grpc.health.v1.Health` of the server says SERVING, else 503; a server without that service is ready when
   * it answers.
   *
   * @defaultValue 'on'
   */
  readonly health?: 'on' | 'off';
  /** Is told of what goes wrong in the gateway itself. @defaultValue standard error */
  readonly logger?: Logger;
  /** What times the arrival of a body. @defaultValue the machine's */
  readonly clock?: Clock;
}

/**
 * Where calls go: an address, over a channel that is the gateway's own; a channel that is somebody's; or a server
 * in this process, which need not listen for it and costs a fraction to call: least when it has no interceptors.
 */
export type GatewayTarget =
  | {
      /** `host:port`, `unix:/path` or another target of grpc-js. */
      readonly target: string;
      /** @defaultValue none on this machine, TLS to any other */
      readonly credentials?: ChannelCredentials;
    }
  | { readonly channel: GrpcChannel }
  | { readonly server: Server };

/** Whom a gateway calls, and how it behaves. */
export type GatewayOptions = GatewayTarget & GatewaySettings;

const DEFAULTS = {
  headers: [],
  openApi: {},
  health: 'on' as 'on' | 'off',
  clock: systemClock,
} satisfies Partial<GatewaySettings>;

/**
 * Puts HTTP and JSON before gRPC services, by their `google.api.http` rules: unary methods, in any language.
 *
 * @throws HttpRuleError when a rule is invalid; TypeError when descriptors or a header name are.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ target: 'localhost:50051', descriptors: readFileSync('api.binpb') });
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
  const upstream: Upstream =
    'server' in options ? new InProcessUpstream(options.server) : new ChannelUpstream(options);
  const callHeaders = new CallHeaders(headers);
  const described = openApi === 'off' ? [] : openApiEndpoint(services, openApi);
  const probed = health === 'off' ? [] : healthEndpoints(upstream, callHeaders);
  const handler = new RequestHandler({
    rules: services.rules,
    json,
    transcoder: (rule) => new RequestTranscoder(rule, types, limits.bodyValues),
    upstream,
    builtInEndpoints: new BuiltInEndpoints(new Map([...described, ...probed])),
    callHeaders,
    authenticate: options.authenticate,
    cors: new Cors(cors),
    limits,
    logger,
  });
  const close = () => upstream.close();
  const onClientError = (error: Error, socket: Duplex) => clientErrors.answer(error, socket);
  return Object.assign(nodeListener(handler, limits, { clock, logger, refuse: onClientError }), {
    serverOptions: serverOptions(limits),
    onClientError,
    close,
    [Symbol.dispose]: close,
  });
}

type OwnEndpoint = readonly [path: string, answer: BuiltInAnswer];

function openApiEndpoint(services: DescribedServices, settings: OpenApiSettings): OwnEndpoint[] {
  const endpoint = new OpenApiEndpoint(() => describeServices(services, settings));
  return [['/openapi.json', () => endpoint.answer()]];
}

function healthEndpoints(upstream: Upstream, callHeaders: CallHeaders): OwnEndpoint[] {
  const endpoint = new HealthEndpoint(upstream);
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
