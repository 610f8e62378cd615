import type { IncomingMessage, ServerResponse } from 'node:http';
import { servePort } from '../../src/gateway/index.js';
import type { Schema } from '../../src/schema/schema.js';
import { parseScript } from '../../src/testing/script/script.js';
import { type FakeServerOptions, fakeServer } from '../../src/testing/server/fake-server.js';

/** APIs to fake, and options. */
export interface ServedFakesOptions extends Pick<FakeServerOptions, 'operations' | 'rest'> {
  readonly schema: Schema;
  readonly script: string;
  /** Called for every REST request. @defaultValue none */
  readonly onRequest?: (request: IncomingMessage) => void;
}

/** Faked services over gRPC and REST on one port. */
export interface ServedFakes extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

/** Serves fakes on a free port of 127.0.0.1 without recording calls. */
export async function serveFakes(options: ServedFakesOptions): Promise<ServedFakes> {
  const { schema, script, onRequest = () => {}, ...settings } = options;
  const parsed = parseScript(script, { file: 'script.yaml', schema });
  const apis = [{ schema, script: parsed }];
  const { server, gateway, operations } = fakeServer({ ...settings, apis, recording: 'off' });
  if (!gateway) throw new Error('the fakes are not served by REST');
  const told = (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request);
    gateway(request, response);
  };
  const served = await servePort({ server, gateway: Object.assign(told, gateway), address: '127.0.0.1:0' });
  return {
    address: served.address,
    port: served.port,
    async [Symbol.asyncDispose]() {
      await served.close({ graceMs: 0 });
      gateway.close();
      await operations.close({ graceMs: 0 });
      server.forceShutdown();
    },
  };
}
