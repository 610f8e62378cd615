import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ChannelCredentials, Client, type ServerOptions } from '@grpc/grpc-js';
import type { GatewaySettings } from '../../../src/gateway/gateway.js';
import { createGateway, type PortOptions, type ServedPort, servePort } from '../../../src/gateway/index.js';
import { asking, type ServedGateway } from '../http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from '../things-server.js';

export const GET_THING = '/acme.things.v1.Things/GetThing';

/** Options of a {@link OnePort}. */
export interface OnePortOptions {
  readonly gateway?: GatewaySettings;
  readonly port?: Partial<Omit<PortOptions, 'server' | 'gateway'>>;
  readonly server?: ServerOptions;
  /** Target of REST calls: the gRPC server, or the handlers of its services. @defaultValue 'server' */
  readonly target?: 'server' | 'services';
  /** @defaultValue both */
  readonly speaks?: 'gRPC' | 'REST';
}

/** Services of `things.proto` over gRPC and REST on one port. */
export interface OnePort extends AsyncDisposable, Pick<ServedGateway, 'ask' | 'raw'> {
  readonly things: ThingsServer;
  readonly served: ServedPort;
  /** Calls GetThing over gRPC and returns the name in the response, which is that of the request. */
  getThing(name: string): Promise<string>;
}

let descriptors: Buffer | undefined;

export async function serveOnePort(options: OnePortOptions = {}): Promise<OnePort> {
  descriptors ??= thingsDescriptors();
  const things = await startThingsServer(descriptors, options.server);
  const { server } = things;
  const target = options.target === 'services' ? { operations: things.host } : { server };
  const gateway = createGateway({ ...target, descriptors, ...options.gateway });
  const settings = { address: '127.0.0.1:0', ...options.port };
  const served = await servePort({
    ...(options.speaks === 'REST'
      ? { gateway }
      : options.speaks === 'gRPC'
        ? { server }
        : { server, gateway }),
    ...settings,
  }).catch((error) => {
    gateway.close();
    things[Symbol.dispose]();
    throw error;
  });
  const client = new Client(served.address, ChannelCredentials.createInsecure());
  return {
    things,
    served,
    ...asking(served.port),
    getThing: (name) => getThing(client, things, name),
    async [Symbol.asyncDispose]() {
      client.close();
      await served.close({ graceMs: 0 });
      gateway.close();
      things[Symbol.dispose]();
    },
  };
}

/** Like {@link OnePort.getThing}, with another client. */
export function getThing(client: Client, { registry }: ThingsServer, name: string): Promise<string> {
  const type = registry.getMessage('acme.things.v1.Thing');
  if (!type) throw new Error('there is no Thing');
  const request = Buffer.from(toBinary(type, create(type, { name } as never)));
  const identity = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(GET_THING, identity, identity, request, (error, answer = Buffer.alloc(0)) =>
      error ? reject(error) : resolve((fromBinary(type, answer) as unknown as { name: string }).name),
    );
  });
}
