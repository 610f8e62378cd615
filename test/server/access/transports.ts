import { readFileSync } from 'node:fs';
import {
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { ReportsService } from '../../../generated/example/reports/v1/reports.js';
import { ErrorInfo } from '../../../generated/google/rpc/error_details.js';
import { type ReportsServer, startReportsServer } from '../../../src/conformance/reports-server.js';
import { codeName, StatusError } from '../../../src/core/status.js';
import { OperationsService } from '../../../src/server/index.js';
import { type ServedGateway, serveBesideGrpc } from '../../gateway/http-client.js';
import { authorize } from './callers.js';

/** A method of the server. */
export type Rpc = 'get' | 'list' | 'cancel' | 'delete' | 'wait' | 'exportReport' | 'purgeReports';

/** Outcome of a call, as far as it concerns authorization. */
export interface Answer {
  /** `OK`, or the name of the code. */
  readonly code: string;
  readonly reason?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly message?: string | undefined;
  /** `WWW-Authenticate`. */
  readonly challenge?: string | undefined;
  /** The body. */
  readonly body?: unknown;
}

/** One way of calling. */
export interface Transport {
  call(
    rpc: Rpc,
    request: { readonly name: string; readonly [field: string]: unknown },
    headers: object,
  ): Promise<Answer>;
}

/** A server that asks who calls, over gRPC and REST on one port. */
export interface GuardedServer extends AsyncDisposable {
  readonly reports: ReportsServer;
  readonly grpc: Transport;
  readonly rest: Transport;
}

export async function startGuardedServer(): Promise<GuardedServer> {
  const reports = await startReportsServer({ authorize });
  const settings = { descriptors: readFileSync('generated/descriptors.binpb') };
  const gateway = await serveBesideGrpc(reports.server, settings, { operations: reports.kit });
  const grpc = new GrpcTransport(reports.address);
  return {
    reports,
    grpc,
    rest: new RestTransport(gateway),
    async [Symbol.asyncDispose]() {
      grpc.close();
      await gateway[Symbol.asyncDispose]();
      await reports[Symbol.asyncDispose]();
    },
  };
}

const DEFINITIONS = {
  get: OperationsService.getOperation,
  list: OperationsService.listOperations,
  cancel: OperationsService.cancelOperation,
  delete: OperationsService.deleteOperation,
  wait: OperationsService.waitOperation,
  exportReport: ReportsService.exportReport,
  purgeReports: ReportsService.purgeReports,
};

class GrpcTransport implements Transport {
  readonly #client: Client;

  constructor(address: string) {
    const Generic = makeGenericClientConstructor({}, 'any');
    this.#client = new Generic(address, credentials.createInsecure());
  }

  call(rpc: Rpc, { name, ...fields }: { name: string }, headers: Record<string, string>): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = DEFINITIONS[rpc];
    const request =
      rpc.endsWith('s') || rpc === 'exportReport'
        ? { title: '', requestId: '', parent: name, ...fields }
        : { filter: '', pageSize: 0, pageToken: '', returnPartialSuccess: false, name, ...fields };
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize as (message: unknown) => Buffer,
        responseDeserialize as (bytes: Buffer) => unknown,
        request,
        metadata,
        (error: ServiceError | null, body?: unknown) =>
          resolve(error ? failure(error) : { code: 'OK', body }),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

function failure(error: ServiceError): Answer {
  const status = StatusError.from(error);
  const { reason, metadata } = status.detail(ErrorInfo) ?? {};
  const [challenge] = error.metadata.get('www-authenticate');
  return {
    code: codeName(status.code),
    reason,
    metadata,
    message: status.message,
    challenge: challenge?.toString(),
  };
}

interface ErrorBody {
  readonly error: {
    readonly status: string;
    readonly message: string;
    readonly details: readonly {
      readonly reason?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }[];
  };
}

class RestTransport implements Transport {
  readonly #gateway: ServedGateway;

  constructor(gateway: ServedGateway) {
    this.#gateway = gateway;
  }

  async call(
    rpc: Rpc,
    { name, ...fields }: { name: string },
    headers: Record<string, string>,
  ): Promise<Answer> {
    const [method, path] = this.#request(rpc, name);
    const query = new URLSearchParams(fields as Record<string, string>).toString();
    const asked = method === 'POST' ? path : `${path}${query && `?${query}`}`;
    const answer = await this.#gateway.ask(method, asked, {
      headers,
      ...(method === 'POST' && { body: fields }),
    });
    if (answer.status === 200) return { code: 'OK', body: answer.json };
    const { status, message, details } = (answer.json as ErrorBody).error;
    const info = details.find(({ reason }) => reason !== undefined);
    const challenge = answer.headers['www-authenticate'];
    return { code: status, reason: info?.reason, metadata: info?.metadata, message, challenge };
  }

  #request(rpc: Rpc, name: string): readonly [string, string] {
    switch (rpc) {
      case 'get':
        return ['GET', `/v1/${name}`];
      case 'list':
        return ['GET', `/v1/${name}/operations`];
      case 'cancel':
      case 'wait':
        return ['POST', `/v1/${name}:${rpc}`];
      case 'delete':
        return ['DELETE', `/v1/${name}`];
      case 'exportReport':
        return ['POST', `/v1/${name}/reports:export`];
      case 'purgeReports':
        return ['POST', `/v1/${name}/reports:purge`];
    }
  }
}
