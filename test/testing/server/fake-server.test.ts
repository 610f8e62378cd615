import { describe, expect, it } from '@jest/globals';
import { type ServedPort, servePort } from '../../../src/gateway/index.js';
import { loadSchema } from '../../../src/schema/load-schema.js';
import { manualClock, type RecordedCall } from '../../../src/testing/index.js';
import { parseScript } from '../../../src/testing/script/script.js';
import {
  type FakeServer,
  type FakeServerOptions,
  fakeServer,
} from '../../../src/testing/server/fake-server.js';
import { getJson, once } from './callers.js';

interface Served extends AsyncDisposable {
  readonly fakes: FakeServer;
  readonly url: string;
  readonly address: string;
}

async function serve(options: FakeServerOptions): Promise<Served> {
  const fakes = fakeServer(options);
  const { server, gateway, operations } = fakes;
  const port: ServedPort = await servePort({ server, ...(gateway && { gateway }), address: '127.0.0.1:0' });
  return {
    fakes,
    address: port.address,
    url: `http://${port.address}`,
    async [Symbol.asyncDispose]() {
      await operations.close({ graceMs: 0 });
      await port.close({ graceMs: 0 });
      gateway?.close();
      server.forceShutdown();
    },
  };
}

async function reports(text: string) {
  const schema = await loadSchema({ files: ['example/reports/v1/reports.proto'] });
  return { schema, script: parseScript(text, { file: 'reports.yaml', schema }) };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 0,
    (error: { readonly code: number }) => error.code,
  );

describe('fakeServer', () => {
  it('serves initial APIs and their faults, with a script that can be replaced', async () => {
    const api = await reports('faults: [{ code: ABORTED, times: always }]');
    await using served = await serve({ apis: [api], clock: manualClock() });
    using caller = once(served.address);
    expect(await codeOf(caller.get('operations/a'))).toBe(10);
    expect(served.fakes.faults).toMatchObject([{ met: 1, left: Number.POSITIVE_INFINITY }]);
    served.fakes.replaceScript((await reports('methods: { PurgeReports: { durationMs: 1 } }')).script);
    expect(served.fakes.faults).toEqual([]);
    expect(await codeOf(caller.get('operations/a'))).toBe(5);
    expect(served.fakes.calls.map(({ outcome }) => outcome?.code)).toEqual(['ABORTED', 'NOT_FOUND']);
  });

  it('recording: told keeps only open calls; off still injects faults', async () => {
    const told: RecordedCall[] = [];
    await using served = await serve({ recording: 'told', onCall: (call) => told.push(call) });
    using caller = once(served.address);
    expect(await codeOf(caller.get('operations/a'))).toBe(5);
    expect(told).toMatchObject([{ over: 'gRPC', outcome: { code: 'NOT_FOUND' } }]);
    expect(served.fakes.calls).toEqual([]);

    const api = await reports('faults: [{ code: ABORTED }]');
    await using silent = await serve({ apis: [api], recording: 'off' });
    using other = once(silent.address);
    expect(await codeOf(other.get('operations/a'))).toBe(10);
    expect(await codeOf(other.get('operations/a'))).toBe(5);
    expect((await getJson(silent.url, 'operations/a')).status).toBe(404);
    expect(silent.fakes.calls).toEqual([]);
  });

  it('rest: off, or with the rules of a service configuration; passes on the operations and grpc options', async () => {
    const api = await reports('');
    await using deaf = await serve({ apis: [api], rest: 'off' });
    expect(deaf.fakes.gateway).toBeUndefined();
    const text =
      'http: { rules: [{ selector: google.longrunning.Operations.GetOperation, get: "/x/{name=**}" }] }';
    const seen: string[] = [];
    const grpc = {
      interceptors: [
        (({ path }, call) => {
          seen.push(path);
          return call;
        }) as NonNullable<NonNullable<FakeServerOptions['grpc']>['interceptors']>[number],
      ],
    };
    const rest = { serviceConfig: { file: 'rules.yaml', text } };
    await using served = await serve({ apis: [api], rest, grpc, operations: { newId: () => 'mine' } });
    const headers = { connection: 'close', 'content-type': 'application/json' };
    const started = await fetch(`${served.url}/v1/projects/p/locations/l/reports:export`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect(await started.json()).toMatchObject({ name: 'projects/p/locations/l/operations/mine' });
    const response = await fetch(`${served.url}/x/operations/a`, { headers });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { status: 'NOT_FOUND' } });
    // REST has no connection to the gRPC server.
    expect(seen).toEqual([]);
    using caller = once(served.address);
    expect(await codeOf(caller.get('operations/a'))).toBe(5);
    expect(seen).toEqual(['/google.longrunning.Operations/GetOperation']);
    expect(served.fakes.calls.map(({ method, over }) => [method.split('.').at(-1), over])).toEqual([
      ['ExportReport', 'REST'],
      ['GetOperation', 'REST'],
      ['GetOperation', 'gRPC'],
    ]);
  });
});
