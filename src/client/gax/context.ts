import { systemClock } from '../../core/clock.js';
import type { OperationsApi } from '../../core/operations-api.js';
import { abortable } from '../../core/signals.js';
import { Code, kitError } from '../../core/status.js';
import type { HandleContext } from '../operations/operation-handle.js';
import { fetcherFor, type OperationFetcher } from '../waiting/fetcher.js';
import { WaitSupport } from '../waiting/wait-support.js';
import { type GaxOperationsClient, isGrpcStub } from './generated-client.js';
import { grpcOperations, type OperationsAccess, onChannelClosed } from './grpc-operations.js';
import { GaxRestOperations } from './rest-operations.js';

/** Contexts by client. Handles of one client share knowledge about its server, such as a missing WaitOperation. */
const contexts = new WeakMap<GaxOperationsClient, HandleContext>();

/** Dependencies that the handles of one generated client share, such as its channel. */
export function gaxContext(client: GaxOperationsClient): HandleContext {
  const known = contexts.get(client);
  if (known) return known;
  const closing = new AbortController();
  const connected = onceFulfilled(() => connect(client, closing));
  const context: HandleContext = {
    api: deferredOperations(connected),
    fetcher: deferredFetcher(connected),
    support: new WaitSupport(systemClock),
    clock: systemClock,
    random: Math.random,
    closed: closing.signal,
    retry: undefined,
  };
  contexts.set(client, context);
  return context;
}

async function connect(client: GaxOperationsClient, closing: AbortController): Promise<OperationsAccess> {
  const stub = await client.operationsStub;
  if (!isGrpcStub(stub)) {
    const api = new GaxRestOperations(client);
    return { api, fetcher: fetcherFor(api) };
  }
  const channel = stub.getChannel();
  onChannelClosed(channel, () => {
    const message = 'client is closed: make another one to go on';
    closing.abort(kitError(Code.UNAVAILABLE, 'CLIENT_CLOSED', message));
  });
  return grpcOperations(channel, closing.signal, systemClock);
}

type Deferred = (signal: AbortSignal | undefined) => Promise<OperationsAccess>;

/** Caches a promise unless it rejects, so that a temporary failure, such as that of a token server, is retried. */
function onceFulfilled(begin: () => Promise<OperationsAccess>): Deferred {
  let current: Promise<OperationsAccess> | undefined;
  return (signal) => {
    current ??= begin().catch((thrown) => {
      current = undefined;
      throw thrown;
    });
    return abortable(current, signal);
  };
}

function deferredOperations(connected: Deferred): OperationsApi {
  const api = async (signal: AbortSignal | undefined) => (await connected(signal)).api;
  return {
    getOperation: async (request, call) => (await api(call?.signal)).getOperation(request, call),
    listOperations: async (request, call) => (await api(call?.signal)).listOperations(request, call),
    cancelOperation: async (request, call) => (await api(call?.signal)).cancelOperation(request, call),
    deleteOperation: async (request, call) => (await api(call?.signal)).deleteOperation(request, call),
    waitOperation: async (request, call) => (await api(call?.signal)).waitOperation(request, call),
  };
}

function deferredFetcher(connected: Deferred): OperationFetcher {
  return {
    get: async (name, signal) => (await connected(signal)).fetcher.get(name, signal),
    wait: async (name, waitMs, signal) => (await connected(signal)).fetcher.wait(name, waitMs, signal),
  };
}
