import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { GatewaySettings } from '../../src/gateway/index.js';
import { type ServedGateway, serveBesideGrpc, serveGateway } from './http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from './things-server.js';

type Serve = (things: ThingsServer, settings: GatewaySettings) => Promise<ServedGateway>;

/** A gateway is the same however it is served, and however it reaches the server behind it. */
export const WAYS: [string, Serve][] = [
  ['over a channel', ({ target }, settings) => serveGateway({ target, ...settings })],
  ['of a server in its process', ({ server }, settings) => serveGateway({ server, ...settings })],
  ['on one port with gRPC', ({ server }, settings) => serveBesideGrpc(server, settings)],
];

/** What the tests of a `describe` share. */
export interface ServedThings {
  readonly descriptors: Buffer;
  readonly things: ThingsServer;
  /** Passes `X-Tenant` on. */
  readonly gateway: ServedGateway;
  /** Another gateway before the same server. */
  serve(settings: GatewaySettings): Promise<ServedGateway>;
}

/** A server of things with a gateway before it, for the tests of the `describe` that this is called in. */
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
