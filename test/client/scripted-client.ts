import type { OperationsClientOptions } from '../../src/client/operations/client-options.js';
import { OperationsClient } from '../../src/client/operations/operations-client.js';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.js';

export const NAME = 'operations/1';

/** Client of a scripted server. */
export interface ScriptedClient extends AsyncDisposable {
  readonly server: ScriptedServer;
  readonly client: OperationsClient;
}

/** Jitter source that makes every delay maximal, and so predictable. */
export async function scriptedClient(
  script: Script,
  options?: Partial<OperationsClientOptions>,
): Promise<ScriptedClient> {
  const server = await startScriptedServer(script);
  const client = new OperationsClient({ address: server.address, random: () => 1, ...options });
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
