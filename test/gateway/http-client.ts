import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Server as GrpcServer } from '@grpc/grpc-js';
import { jest } from '@jest/globals';
import type { GatewaySettings, GatewayTarget } from '../../src/gateway/gateway.js';
import { createGateway, type Gateway, type GatewayOptions, servePort } from '../../src/gateway/index.js';

// A busy machine may stall for seconds.
jest.setTimeout(300_000);

/** Parsed response. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Parsed body. */
  readonly json: unknown;
}

export interface RequestParts {
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Body, sent unchanged; objects are sent as JSON. */
  readonly body?: string | Buffer | object;
}

/** Gateway on a free port of 127.0.0.1. */
export interface ServedGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly port: number;
  /** Sends a request with the path unchanged, neither normalized nor escaped. */
  ask(httpMethod: string, path: string, parts?: RequestParts): Promise<Answer>;
  /** Sends exact bytes on a new connection and reads until it closes. */
  raw(bytes: string | Buffer): Promise<string>;
}

/** Serves a gateway on a separate `node:http` server. */
export async function serveGateway(
  options: GatewayOptions,
): Promise<ServedGateway & { readonly server: Server }> {
  const gateway = createGateway(options);
  const server = createServer(gateway.serverOptions, gateway).on('clientError', gateway.onClientError);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    gateway,
    server,
    ...asking(port),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      gateway.close();
    },
  };
}

/** Serves a gateway next to gRPC, on the port of the server behind it. */
export async function serveBesideGrpc(
  server: GrpcServer,
  settings: GatewaySettings,
  target: GatewayTarget = { server },
): Promise<ServedGateway> {
  const gateway = createGateway({ ...target, ...settings });
  const served = await servePort({ server, gateway, address: '127.0.0.1:0' });
  return {
    gateway,
    ...asking(served.port),
    async [Symbol.asyncDispose]() {
      await served.close({ graceMs: 0 });
      gateway.close();
    },
  };
}

/** Request functions for a port of 127.0.0.1. */
export function asking(port: number): Pick<ServedGateway, 'port' | 'ask' | 'raw'> {
  return {
    port,
    ask: (httpMethod, path, parts) => ask(port, httpMethod, path, parts),
    raw: (bytes) => raw(port, bytes),
  };
}

function ask(
  port: number,
  method: string,
  path: string,
  { headers, body }: RequestParts = {},
): Promise<Answer> {
  const isJson = body !== undefined && typeof body === 'object' && !Buffer.isBuffer(body);
  const sent = isJson ? JSON.stringify(body) : body;
  const type = sent === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asking = request({
      port,
      host: '127.0.0.1',
      method,
      path,
      headers: {
        ...type,
        ...(sent !== undefined && { 'content-length': Buffer.byteLength(sent) }),
        ...headers,
      },
      agent: false,
    });
    asking.on('error', reject);
    asking.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          get json() {
            return text === '' ? undefined : JSON.parse(text);
          },
        });
      });
    });
    asking.end(sent);
  });
}

function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.write(bytes);
  });
}
