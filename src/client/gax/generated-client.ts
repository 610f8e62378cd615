// Types of the clients that Google generates. They declare only what the kit uses, which all versions of google-gax have.
import type { Client } from '@grpc/grpc-js';

/** Call function of google-gax. Its first result is the response; its third is the complete message of a page. */
export type GaxCall = (
  request: object,
  options: GaxCallOptions,
) => Promise<readonly [unknown, unknown, unknown]> & { cancel(): void };

/** Options of one call of google-gax. */
export interface GaxCallOptions {
  /** Timeout in milliseconds. */
  readonly timeout: number;
  readonly retry: null;
  readonly autoPaginate: false;
  readonly otherArgs: { readonly headers: Readonly<Record<string, unknown>> };
}

/** `OperationsClient` of google-gax, which every generated client with long-running methods contains. */
export interface GaxOperationsClient {
  /** Client of grpc-js; over REST, an object of functions. */
  readonly operationsStub: Promise<object>;
  /** Call functions by method name. */
  readonly innerApiCalls: { readonly [name: string]: unknown };
}

/** Interface of a grpc-js channel, not the class of the same name. */
export type GaxChannel = ReturnType<Client['getChannel']>;

/** Returns true for a gRPC stub. Checks its methods, because its class may come from another copy of grpc-js. */
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

/** Decoder of one message type, whose name protobuf.js attaches to the decoded messages. */
export type GaxDecoder = (bytes: Uint8Array) => object;

/**
 * Operation that a method of a generated Google client resolves to: the `LROperation` of google-gax. The type declares
 * only what the kit uses, so that it fits every version of google-gax.
 */
export interface GaxOperation<Response, Metadata> {
  /** Latest state from the server. */
  readonly latestResponse: GaxOperationMessage;
  /** Client to fetch further states with, and the decoders of their messages. */
  readonly longrunningDescriptor: {
    readonly operationsClient: GaxOperationsClient;
    readonly responseDecoder: GaxDecoder;
    readonly metadataDecoder: GaxDecoder;
  };
  /** Wait of google-gax itself. Only its type is used. */
  promise(): Promise<readonly [Response, Metadata, ...unknown[]]>;
}
