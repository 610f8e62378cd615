import { systemClock } from '../../clock.js';
import type { OperationsApi } from '../../operations-api.js';
import { Code, kitError } from '../../status.js';
import type { HandleContext } from '../operation-handle.js';
import { Poller } from '../waiting/wait.js';
import { deferredOperations } from './deferred-operations.js';
import { GaxGrpcOperations, onChannelClosed } from './grpc-operations.js';
import { type GaxOperationsClient, isGrpcStub } from './operations-client.js';
import { GaxRestOperations } from './rest-operations.js';

/** One for each client, so that what is learnt of its server, such as that it cannot wait, is learnt once. */
const contexts = new WeakMap<GaxOperationsClient, HandleContext>();

/** What the handles of one generated client share: its channel above all. */
export function gaxContext(client: GaxOperationsClient): HandleContext {
  const known = contexts.get(client);
  if (known) return known;
  const closing = new AbortController();
  const api = deferredOperations(connect(client, closing));
  const clock = systemClock;
  const context: HandleContext = {
    api,
    clock,
    closed: closing.signal,
    poller: new Poller({ api, clock, random: Math.random }),
  };
  contexts.set(client, context);
  return context;
}

async function connect(client: GaxOperationsClient, closing: AbortController): Promise<OperationsApi> {
  const stub = await client.operationsStub;
  if (!isGrpcStub(stub)) return new GaxRestOperations(client);
  const channel = stub.getChannel();
  onChannelClosed(channel, () => {
    const message = 'client is closed: make another one to go on';
    closing.abort(kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', message));
  });
  return new GaxGrpcOperations(channel, closing.signal);
}
