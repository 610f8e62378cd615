import { setImmediate } from 'node:timers/promises';
import { Server } from '@grpc/grpc-js';
import type { Operation } from 'longrunning';
import { createGateway, servePort } from 'longrunning/gateway';
import { createOperations, grpcLimits } from 'longrunning/server';
import { answerParent } from '../harness/parent-link.ts';
import { type ExampleState, exampleMethod, exampleRequest } from './example-operations.ts';
import { listen, type ServerRequests, serverRequests } from './serve.ts';

/** A gRPC server made with the kit: `createOperations` and its memory store. */
export type KitRequests = ServerRequests & {
  /** Stores `count` operations and serves them. */
  listen(input: Listening): Promise<Stored>;
};

/** What to serve. */
export interface Listening {
  readonly state: ExampleState;
  readonly count: number;
  /** How many streams to allow on a connection. @defaultValue any number */
  readonly streams?: number;
}

/** What the server keeps, and where. */
export interface Stored {
  readonly address: string;
  /** Another port of the same server, where REST is answered too. */
  readonly sharedAddress: string;
  readonly names: readonly string[];
  /** One of them, as Get answers it. */
  readonly operation: Operation;
}

answerParent({
  ...serverRequests,
  async listen({ state, count, streams }) {
    const method = exampleMethod(state);
    const operations = createOperations({ methods: [method], maxRunning: count });
    const names: string[] = [];
    for (let left = count; left > 0; left--)
      names.push((await operations.start(method, exampleRequest)).name);
    // Work begins a few steps after its operation is stored; until then a cancellation would end it unbegun.
    await setImmediate();
    if (state === 'stubborn') for (const name of names) await operations.api.cancelOperation({ name });
    const operation = await operations.api.getOperation({ name: names[0] ?? '' });
    // Some rows have 10,000 calls on a connection, as they may have with the other servers.
    const limits = grpcLimits({ connectionBytes: 2 ** 30, processBytes: 2 ** 31 });
    const server = new Server({ ...limits, 'grpc.max_concurrent_streams': streams ?? 2 ** 32 - 1 });
    operations.addTo(server);
    const gateway = createGateway({ operations });
    const { address: sharedAddress } = await servePort({ server, gateway, address: '127.0.0.1:0' });
    return { address: await listen(server), sharedAddress, names, operation };
  },
} satisfies KitRequests);
