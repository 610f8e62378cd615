import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import type { OperationsServer } from '../../generated/google/longrunning/operations.js';
import { createOperations, implement, type Operations, OperationsService } from '../../src/server/index.js';

/** Server of the kit with a limit of streams per connection. */
export interface LimitedServer extends AsyncDisposable {
  readonly address: string;
  readonly kit: Operations;
  /** Number of calls per method. */
  readonly calls: Readonly<Record<'getOperation' | 'waitOperation' | 'cancelOperation', number>>;
  /** Maximum number of concurrent TCP connections. */
  readonly connections: () => number;
  /** Resolves when the server holds `count` WaitOperation calls at once. */
  whenHeld(count: number): Promise<void>;
  /** Starts `count` operations and resolves to their names. */
  start(count: number): Promise<string[]>;
  /** Ends all operations. */
  finish(): void;
}

export async function startLimitedServer(maxConcurrentStreams: number): Promise<LimitedServer> {
  const finished = Promise.withResolvers<void>();
  const exportReport = implement(ReportsOperations.exportReport, {
    async run() {
      await finished.promise;
      return { uri: 'done' };
    },
  });
  const kit = createOperations({ methods: [exportReport], maxRunning: Number.POSITIVE_INFINITY });
  const calls = { getOperation: 0, waitOperation: 0, cancelOperation: 0 };
  const watchers = new Set<() => void>();
  let held = 0;
  const change = (by: number) => {
    held += by;
    for (const watcher of watchers) watcher();
  };
  const server = new Server({ 'grpc.max_concurrent_streams': maxConcurrentStreams });
  const { getOperation, waitOperation, cancelOperation } = kit.handlers;
  const handlers: OperationsServer = {
    ...kit.handlers,
    getOperation: (call, callback) => {
      calls.getOperation++;
      getOperation(call, callback);
    },
    cancelOperation: (call, callback) => {
      calls.cancelOperation++;
      cancelOperation(call, callback);
    },
    waitOperation: (call, callback) => {
      calls.waitOperation++;
      change(1);
      waitOperation(call, (...answer) => {
        change(-1);
        callback(...answer);
      });
    },
  };
  server.addService(OperationsService, { ...handlers });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  let open = 0;
  let mostOpen = 0;
  const listener = createServer((socket) => {
    open++;
    mostOpen = Math.max(mostOpen, open);
    socket.once('close', () => open--);
    injector.injectConnection(socket);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    kit,
    calls,
    connections: () => mostOpen,
    whenHeld: (count) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (held < count) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
    async start(count) {
      const starts = Array.from({ length: count }, () => kit.start(exportReport, { parent: '' }));
      return (await Promise.all(starts)).map(({ name }) => name);
    },
    finish: finished.resolve,
    async [Symbol.asyncDispose]() {
      finished.resolve();
      await kit.close({ graceMs: 0 });
      injector.destroy();
      server.forceShutdown();
      listener.close();
    },
  };
}
