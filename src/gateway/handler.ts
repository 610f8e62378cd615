import { Metadata } from '@grpc/grpc-js';
import { RetryInfo } from '../../generated/google/rpc/error_details.js';
import type { Authenticate, CallRefusal } from '../core/authenticate.js';
import { timeLeftMs } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { Code, readableDetail, StatusError } from '../core/status.js';
import type { BuiltInEndpoints, EndpointRouting } from './built-in-endpoints.js';
import { type CallHeaders, deadlineOf, deadlinePassed } from './http/call-headers.js';
import type { Cors } from './http/cors.js';
import { errorEnvelope } from './http/error-envelope.js';
import type { HeaderFields, HttpAnswer, HttpRequest } from './http/http-message.js';
import { HttpRefusal, httpStatusOf, internalError, unknownMethod, unknownPath } from './http/http-refusal.js';
import type { CheckedLimits } from './http/limits.js';
import { jsonText } from './http/read-body.js';
import { checkHead, methodOf } from './http/request-head.js';
import { COMPACT, type JsonFormat, readJsonFormat } from './json/json-format.js';
import type { MessageJson } from './json/message-json.js';
import { ResponseRenderer } from './json/render-response.js';
import type { RequestTranscoder } from './json/transcode-request.js';
import { RouteTable, type Routing } from './routing/route-table.js';
import type { HttpRule } from './rules/http-rules.js';
import { serverError, type Upstream } from './upstream/upstream.js';

/** Dependencies of a {@link RequestHandler}. */
export interface HandlerParts {
  readonly rules: readonly HttpRule[];
  readonly json: MessageJson;
  readonly transcoder: (rule: HttpRule) => RequestTranscoder;
  readonly upstream: Upstream;
  readonly builtInEndpoints: BuiltInEndpoints;
  readonly callHeaders: CallHeaders;
  /** If undefined, only the upstream rejects calls. */
  readonly authenticate: Authenticate | undefined;
  readonly cors: Cors;
  readonly limits: CheckedLimits;
  readonly logger: Logger;
}

interface Route {
  /** Path of the gRPC method. */
  readonly path: string;
  readonly request: RequestTranscoder;
  readonly response: ResponseRenderer;
}

type Matched = Extract<Routing, { kind: 'route' }>;

const JSON_BODY = { 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' };

/** Handles requests of any HTTP server. */
export class RequestHandler {
  readonly #parts: HandlerParts;
  readonly #table: RouteTable;
  readonly #routes: readonly Route[];

  constructor(parts: HandlerParts) {
    this.#parts = parts;
    this.#table = new RouteTable(parts.rules);
    this.#routes = parts.rules.map((rule) => ({
      path: `/${rule.method.parent.typeName}/${rule.method.name}`,
      request: parts.transcoder(rule),
      response: new ResponseRenderer(rule, parts.json),
    }));
  }

  /** Answers a request, with an error if necessary. Never rejects. */
  async handle(request: HttpRequest): Promise<HttpAnswer> {
    const { headers } = request;
    const answer = await this.#answer(request);
    const requestId = headers['x-request-id'];
    return {
      ...answer,
      headers: {
        ...answer.headers,
        ...this.#parts.cors.headers(headers),
        ...(requestId !== undefined && { 'x-request-id': requestId }),
      },
    };
  }

  async #answer(request: HttpRequest): Promise<HttpAnswer> {
    let format = COMPACT;
    try {
      const url = checkHead(request, this.#parts.limits);
      const { headers } = request;
      const httpMethod = methodOf(request);
      const ruled = this.#table.find(httpMethod, url);
      const routing = this.#parts.builtInEndpoints.route(httpMethod, url, ruled);
      if (this.#parts.cors.isPreflight(httpMethod, headers)) return this.#answerPreflight(routing, request);
      switch (routing.kind) {
        case 'unknown-path':
          // RFC 9110, section 9.3.7: OPTIONS of the server as a whole.
          if (httpMethod === 'OPTIONS' && url === '*') return noContent({});
          throw unknownPath(httpMethod, url);
        case 'unknown-method': {
          const allow = allowed(routing.allow);
          if (httpMethod === 'OPTIONS') return noContent({ allow });
          throw unknownMethod(httpMethod, url, allow);
        }
        case 'route':
          format = readJsonFormat(routing.query.system, headers);
          return await this.#call(routing, request, format);
        case 'own':
          return await routing.answer(request);
      }
    } catch (thrown) {
      return this.#answerError(this.#expected(thrown), format);
    }
  }

  async #call(routing: Matched, request: HttpRequest, format: JsonFormat): Promise<HttpAnswer> {
    const route = this.#routes[routing.route];
    if (!route) throw new RangeError(`route ${routing.route} does not exist`);
    const { authenticate, callHeaders, upstream } = this.#parts;
    const deadline = deadlineOf(request.headers);
    const metadata = callHeaders.toMetadata(request);
    if (authenticate) {
      const call = { method: route.path, metadata, peer: peerOf(request) ?? 'unknown' };
      const refusal = await authenticate(call);
      if (refusal) return this.#answerRefusal(refusal, format);
    }
    const message = await readMessage(route, routing, request);
    if (timeLeftMs(deadline) === 0) throw deadlinePassed();
    const answer = await upstream.call(route.path, message, {
      metadata,
      peer: peerOf(request),
      deadline,
      get signal() {
        return request.signal;
      },
    });
    const headers = callHeaders.fromMetadata(answer.metadata);
    switch (answer.kind) {
      case 'response': {
        const json = route.response.render(answer.bytes, format);
        return { status: 200, headers: { ...headers, ...JSON_BODY }, body: json };
      }
      case 'error':
        return this.#answerError(answer.error, format, headers);
    }
  }

  #answerPreflight(routing: EndpointRouting, { httpMethod, rawUrl, headers }: HttpRequest): HttpAnswer {
    switch (routing.kind) {
      case 'unknown-path':
        throw unknownPath(httpMethod, rawUrl);
      case 'unknown-method':
        return noContent(this.#parts.cors.preflightHeaders(headers, allowed(routing.allow)));
      case 'own':
      case 'route': {
        // The rule is for any method.
        const asked = headers['access-control-request-method'] ?? '*';
        return noContent(this.#parts.cors.preflightHeaders(headers, asked));
      }
    }
  }

  #answerRefusal(
    { code = Code.UNKNOWN, details = '', metadata = new Metadata() }: CallRefusal,
    format: JsonFormat,
  ) {
    const error = serverError(code, details, metadata);
    return this.#answerError(error, format, this.#parts.callHeaders.fromMetadata(metadata));
  }

  #answerError(error: StatusError, format: JsonFormat, headers: HeaderFields = {}): HttpAnswer {
    const status = httpStatusOf(error);
    return {
      status,
      headers: {
        // RFC 9110 requires this header in every 401 response.
        ...(status === 401 && { 'www-authenticate': 'Bearer' }),
        ...retryAfter(error),
        ...headers,
        ...(error instanceof HttpRefusal && error.headers),
        ...JSON_BODY,
      },
      body: errorEnvelope(error, this.#parts.json, format),
    };
  }

  /** Logs errors that were not thrown on purpose. They are hidden from clients (contract 33). */
  #expected(thrown: unknown): StatusError {
    if (thrown instanceof StatusError) {
      if (thrown.code === Code.INTERNAL) this.#parts.logger.error({ err: thrown }, 'answer cannot be used');
      return thrown;
    }
    this.#parts.logger.error({ err: thrown }, 'request failed unexpectedly');
    return internalError(thrown);
  }
}

/** Reads the request message. A function by itself, because its body would stay in memory for as long as the call takes. */
async function readMessage(
  route: Route,
  { bindings, query }: Matched,
  request: HttpRequest,
): Promise<Uint8Array> {
  const body = jsonText(request.headers, await request.readBody());
  return route.request.encode({ bindings, query: query.fields, body });
}

/** Adds the methods that the gateway answers itself to those that have rules. */
function allowed(methods: readonly string[]): string {
  const all = new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']);
  return Array.from(all).sort().join(', ');
}

/** Peer of a request in the form that grpc-js uses. */
export function peerOf({ remoteAddress, remotePort }: HttpRequest): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}

/** Converts RetryInfo to whole seconds, the unit of this header (RFC 9110, section 10.2.3). */
function retryAfter(error: StatusError): HeaderFields {
  const { seconds = 0, nanos = 0 } = readableDetail(error, RetryInfo)?.retryDelay ?? {};
  const delay = seconds + (nanos > 0 ? 1 : 0);
  return delay > 0 && Number.isSafeInteger(delay) ? { 'retry-after': String(delay) } : {};
}

function noContent(headers: HeaderFields): HttpAnswer {
  return { status: 204, headers, body: undefined };
}
