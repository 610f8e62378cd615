import { ChannelCredentials, Client, type ClientUnaryCall, Metadata, type StatusObject } from '@grpc/grpc-js';
import { isLoopback } from '../../core/address.js';
import { asBuffer } from '../../core/any.js';
import { assertOwnCredentials } from '../../core/own-credentials.js';
import { onAbort } from '../../core/signals.js';
import { StatusError } from '../../core/status.js';
import { closed, type Upstream, type UpstreamAnswer, type UpstreamCall } from './upstream.js';

/** Channel of grpc-js, in the type that its clients and servers use. */
export type GrpcChannel = ReturnType<Client['getChannel']>;

/** Destination of calls: an address in the form of grpc-js, or an existing channel. */
export type ChannelAddress =
  | { readonly target: string; readonly credentials?: ChannelCredentials | undefined }
  | { readonly channel: GrpcChannel };

/** Server that is reached over one channel of grpc-js. */
export class ChannelUpstream implements Upstream {
  readonly #client: Client;
  readonly #ownsChannel: boolean;
  #closed = false;

  /** @throws TypeError if the credentials come from another copy of grpc-js. */
  constructor(address: ChannelAddress) {
    if ('target' in address && address.credentials !== undefined) assertOwnCredentials(address.credentials);
    this.#ownsChannel = 'target' in address;
    this.#client =
      'channel' in address
        ? new Client('', ChannelCredentials.createInsecure(), { channelOverride: address.channel })
        : new Client(address.target, address.credentials ?? defaultCredentials(address.target));
  }

  call(path: string, request: Uint8Array, options: UpstreamCall): Promise<UpstreamAnswer> {
    if (this.#closed) return Promise.resolve(closed());
    const { metadata, deadline, signal } = options;
    return new Promise((resolve) => {
      const headers = new Metadata();
      let call: ClientUnaryCall | undefined;
      const stopListening = onAbort(signal, () => call?.cancel());
      let bytes: Uint8Array = Buffer.alloc(0);
      let error: unknown;
      call = this.#client.makeUnaryRequest(
        path,
        asBuffer,
        asBuffer,
        request,
        metadata,
        { deadline },
        (failure, response) => {
          error = failure;
          if (response) bytes = response;
        },
      );
      if (signal.aborted) call.cancel();
      call.on('metadata', (received: Metadata) => headers.merge(received));
      // Follows the callback, with the trailers.
      call.on('status', (status: StatusObject) => {
        stopListening();
        headers.merge(status.metadata);
        resolve(
          error
            ? { kind: 'error', error: StatusError.from(error), metadata: headers }
            : { kind: 'response', bytes, metadata: headers },
        );
      });
    });
  }

  /** Closes the channel if the gateway owns it. */
  close(): void {
    this.#closed = true;
    if (this.#ownsChannel) this.#client.close();
  }
}

function defaultCredentials(target: string): ChannelCredentials {
  return isLoopback(target) ? ChannelCredentials.createInsecure() : ChannelCredentials.createSsl();
}
