import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { GatewaySettings } from '../../src/gateway/gateway.js';
import { type ServedGateway, serveBesideGrpc, serveGateway } from './http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from './things-server.js';

type Serve = (things: ThingsServer, settings: GatewaySettings) => Promise<ServedGateway>;

/** Ways to serve a gateway and to reach the server behind it. The behavior must be the same. */
export const WAYS: [string, Serve][] = [
  ['over a channel', ({ target }, settings) => serveGateway({ target, ...settings })],
  ['of a server in its process', ({ server }, settings) => serveGateway({ server, ...settings })],
  ['of services in its process', ({ host }, settings) => serveGateway({ operations: host, ...settings })],
  ['on one port with gRPC', ({ server }, settings) => serveBesideGrpc(server, settings)],
];

/** State shared by the tests of a `describe`. */
export interface ServedThings {
  readonly descriptors: Buffer;
  readonly things: ThingsServer;
  /** Forwards `X-Tenant`. */
  readonly gateway: ServedGateway;
  /** Serves another gateway in front of the same server. */
  serve(settings: GatewaySettings): Promise<ServedGateway>;
}

/** Serves things behind a gateway for the tests of the current `describe`. */
export function servedThings(serve: Serve): ServedThings {
  const served = {
    serve: (settings: GatewaySettings) =>
      serve(served.things, { descriptors: served.descriptors, ...settings }),
  } as { -readonly [Name in keyof ServedThings]: ServedThings[Name] };
  beforeAll(async () => {
    served.descriptors = thingsDescriptors();
    served.things = await startThingsServer(served.descriptors);
    served.gateway = await served.serve({ headers: ['X-Tenant'] });
  });
  beforeEach(() => {
    served.things.answer = () => undefined;
  });
  afterAll(async () => {
    await served.gateway[Symbol.asyncDispose]();
    served.things[Symbol.dispose]();
  });
  return served;
}
