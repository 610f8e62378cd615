import type { IncomingMessage, ServerResponse } from 'node:http';
import { credentials, Server } from '@grpc/grpc-js';
import { createGateway, type GatewaySettings, servePort } from '../../src/gateway/index.js';
import { loadSchema } from '../../src/schema/index.js';
import { type Authorization, createOperations, OperationsService } from '../../src/server/index.js';
import { fakeServices, parseScript } from '../../src/testing/index.js';

process.env.METADATA_SERVER_DETECTION = 'none';

/** Which API, and by which rules. */
export interface FakedApiOptions extends Pick<GatewaySettings, 'serviceConfig'> {
  readonly file: string;
  readonly includeDir: string;
  /** Who may do what. @defaultValue everybody everything */
  readonly authorize?: Authorization;
}

/** The services of a proto, faked, by gRPC and REST on one port. */
export interface FakedApi extends AsyncDisposable {
  readonly port: number;
  /** What was asked by REST: `GET /v1/…`, without queries, and with `*` for the ids of operations. */
  asked(): string[];
}

const SCRIPT = 'default: { durationMs: 600000 }';

export async function fakeApi({
  file,
  includeDir,
  serviceConfig,
  authorize,
}: FakedApiOptions): Promise<FakedApi> {
  const schema = await loadSchema({ files: [file], includeDirs: [includeDir] });
  const fakes = fakeServices(schema, { script: parseScript(SCRIPT, { file: 'script.yaml', schema }) });
  const kit = createOperations({ methods: fakes.methods, authorize });
  const server = new Server();
  server.addService(OperationsService, kit.handlers);
  fakes.addTo(server, kit);
  const { registry: descriptors, annotationOf } = schema;
  const gateway = createGateway({
    server,
    descriptors,
    annotationOf,
    ...(serviceConfig && { serviceConfig }),
  });
  const urls: string[] = [];
  const recorded = (request: IncomingMessage, response: ServerResponse) => {
    urls.push(`${request.method} ${request.url}`);
    gateway(request, response);
  };
  const served = await servePort({
    server,
    gateway: Object.assign(recorded, gateway),
    address: '127.0.0.1:0',
  });
  return {
    port: served.port,
    asked: () => urls.map((url) => url.replace(/\?.*/, '').replace(/operations\/[^:/]+/, 'operations/*')),
    async [Symbol.asyncDispose]() {
      await served.close({ graceMs: 0 });
      gateway.close();
      await kit.close({ graceMs: 0 });
      server.forceShutdown();
    },
  };
}

/** Options for a generated Google client: gRPC, as nobody. */
export function grpcOptions(port: number) {
  return { apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() };
}

/** Options for a generated Google client: REST, as nobody, and on connections that are closed, for its own agent keeps them. */
export function restOptions(port: number, token = 'token') {
  const fetchOnce = (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    headers.set('connection', 'close');
    return fetch(url, { ...init, headers });
  };
  const auth = {
    getUniverseDomain: async () => 'googleapis.com',
    getRequestHeaders: async () => new Headers(),
    fetch: fetchOnce,
  };
  return { apiEndpoint: '127.0.0.1', port, protocol: 'http', fallback: true, auth: auth as never };
}
