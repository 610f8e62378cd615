import type { Client } from '@grpc/grpc-js';

/** A call in google-gax: its first result is the response message, its third the one that a page was cut from. */
export type GaxCall = (
  request: object,
  options: GaxCallOptions,
) => Promise<readonly [unknown, unknown, unknown]> & { cancel(): void };

/** What is said to google-gax about one call. */
export interface GaxCallOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly retry: null;
  readonly autoPaginate: false;
  readonly otherArgs: { readonly headers: Readonly<Record<string, unknown>> };
}

/** The `OperationsClient` of google-gax that every generated client with long-running methods has inside. */
export interface GaxOperationsClient {
  /** Over gRPC a grpc-js client; over REST an object of functions. */
  readonly operationsStub: Promise<object>;
  readonly innerApiCalls: { readonly [name: string]: unknown };
}

/** A channel of grpc-js: its interface, not the class of the same name. */
export type GaxChannel = ReturnType<Client['getChannel']>;

/** Whether a stub speaks gRPC. By what it can do, since its class may be that of another copy of grpc-js. */
export function isGrpcStub(stub: object): stub is Client {
  return 'getChannel' in stub && typeof stub.getChannel === 'function';
}
