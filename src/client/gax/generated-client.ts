// Clients that Google generates, as far as they matter here. So stated they are those of every version of google-gax.
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
  /** Its calls, by the name of the method. */
  readonly innerApiCalls: { readonly [name: string]: unknown };
}

/** A channel of grpc-js: its interface, not the class of the same name. */
export type GaxChannel = ReturnType<Client['getChannel']>;

/** Whether a stub speaks gRPC. By what it can do, since its class may be that of another copy of grpc-js. */
export function isGrpcStub(stub: object): stub is Client {
  return 'getChannel' in stub && typeof stub.getChannel === 'function';
}

/** `google.protobuf.Any` as protobuf.js decodes it, with or without camel case. */
export interface GaxAny {
  readonly type_url?: string | null;
  readonly typeUrl?: string | null;
  readonly value?: Uint8Array | string | null;
}

/** `google.longrunning.Operation` as google-gax decodes it. */
export interface GaxOperationMessage {
  readonly name?: string | null;
  readonly metadata?: GaxAny | null;
  readonly done?: boolean | null;
  readonly error?: {
    readonly code?: number | null;
    readonly message?: string | null;
    readonly details?: readonly GaxAny[] | null;
  } | null;
  readonly response?: GaxAny | null;
}

/** Decodes one message type; protobuf.js tells on what it decodes which type that is. */
export type GaxDecoder = (bytes: Uint8Array) => object;

/**
 * What a generated Google client resolves to when it starts an operation: the `LROperation` of google-gax, as far
 * as it is needed here. So stated it fits every version of google-gax, whichever the client brings along.
 */
export interface GaxOperation<Response, Metadata> {
  /** What the server said last. */
  readonly latestResponse: GaxOperationMessage;
  /** Over which client to ask for more, and how to decode what comes. */
  readonly longrunningDescriptor: {
    readonly operationsClient: GaxOperationsClient;
    readonly responseDecoder: GaxDecoder;
    readonly metadataDecoder: GaxDecoder;
  };
  /** How google-gax itself waits; not used, but for its types. */
  promise(): Promise<readonly [Response, Metadata, ...unknown[]]>;
}
