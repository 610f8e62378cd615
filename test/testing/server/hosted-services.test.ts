import { readFileSync } from 'node:fs';
import {
  credentials,
  type handleUnaryCall,
  type MethodDefinition,
  makeGenericClientConstructor,
} from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { type ExportReportRequest, ReportsService } from '../../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { type Implementation, implement, type Service, service } from '../../../src/server/index.js';
import { manualClock, startTestServer } from '../../../src/testing/index.js';

const PROTO = 'protos/example/reports/v1/reports.proto';
const EXPORT = 'example.reports.v1.Reports.ExportReport';
const REQUEST = { parent: 'projects/p/locations/l', title: 'Figures', requestId: 'one' };
const { exportReport, purgeReports } = ReportsOperations;

type ExportOptions = Partial<
  Implementation<ExportReportRequest, { uri: string; rowCount: number }, { progressPercent: number }>
>;

/** Reports service whose ExportReport behaves as given; by default it ends at once. */
function reports(options: Pick<ExportOptions, 'run' | 'maxRunMs'> = {}): Service {
  return service(ReportsService, {
    exportReport: implement(exportReport, {
      parent: ({ parent }) => parent,
      run: ({ title }) => ({ uri: `file:///${title}`, rowCount: 3 }),
      ...options,
    }),
    purgeReports: implement(purgeReports, { cancellable: false, run: () => ({}) }),
  });
}

/** Request with values that JSON lacks, except those that {@link ECHO} adds. */
const DECODED = {
  name: 'a',
  big: 2n ** 60n,
  bytes: 'AQI=',
  none: null,
  list: [1, Number.NaN],
  $type: 'x',
};

/** Method that starts no operation. */
const ECHO: MethodDefinition<object, object> = {
  path: '/acme.v1.Echo/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: () => ({
    ...DECODED,
    bytes: Buffer.from([1, 2]),
    map: new Map([[1, { at: new Date(0) }]]),
  }),
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => ({}),
};

/** Runs until its signal aborts. */
const untilAborted: ExportOptions['run'] = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

describe('a hosted service', () => {
  it('runs the methods of the application', async () => {
    await using server = await startTestServer({ services: [reports()] });
    const operation = await server.client.start(exportReport, REQUEST);
    expect(operation.name).toBe('projects/p/locations/l/operations/1');
    expect(await operation.result()).toEqual({ uri: 'file:///Figures', rowCount: 3 });
  });

  it('is cancelled like on any server', async () => {
    await using server = await startTestServer({ services: [reports({ run: untilAborted })] });
    const operation = await server.client.start(exportReport, REQUEST);
    expect(await operation.cancelAndWait()).toMatchObject({ state: 'cancelled' });
    const { result } = await server.client.getOperation(operation);
    expect(result).toMatchObject({ $case: 'error', value: { code: 1 } });
    await server.client.start(purgeReports, { parent: '' });
  });

  it('has its calls recorded, with requests in ProtoJSON', async () => {
    await using server = await startTestServer({ services: [reports()] });
    await server.client.start(exportReport, REQUEST);
    expect(await server.whenCalled('Reports.ExportReport')).toMatchObject([
      { method: EXPORT, request: REQUEST, over: 'gRPC', outcome: { code: 'OK', message: '' } },
    ]);
    expect(server.calls).toHaveLength(1);
    server.expectNoOpenCalls();
  });

  it('uses the clock of the server, for its own timers and for limits of the kit', async () => {
    const clock = manualClock();
    const run: ExportOptions['run'] = ({ title }, { signal }) =>
      new Promise((resolve, reject) => {
        if (title === 'endless') signal.addEventListener('abort', () => reject(signal.reason));
        else clock.setTimer(() => resolve({ uri: 'late' }), 60_000);
      });
    await using server = await startTestServer({ clock, services: [reports({ run, maxRunMs: 100_000 })] });
    const timed = await server.client.start(exportReport, { title: 'timed' });
    const endless = await server.client.start(exportReport, { title: 'endless' });
    await clock.advance(59_999);
    expect(await server.client.getOperation(timed)).toMatchObject({ done: false });
    await clock.advance(1);
    expect(await timed.result()).toMatchObject({ uri: 'late' });
    await clock.advance(40_000);
    expect(await server.client.getOperation(endless)).toMatchObject({
      result: { $case: 'error', value: { code: 4 } },
    });
  });

  it('is kept by reset, which removes its faults and calls', async () => {
    await using server = await startTestServer({ services: [reports()] });
    server.failNext('ExportReport', { times: 'always' });
    using client = rawClient(server.address, ReportsService.exportReport);
    await expect(client.call(REQUEST)).rejects.toMatchObject({ code: 14 });
    server.reset();
    expect([server.calls, server.faults]).toEqual([[], []]);
    expect(await client.call(REQUEST)).toMatchObject({ name: `${REQUEST.parent}/operations/1` });
    expect(server.calls[0]?.method).toBe(EXPORT);
  });

  it('answers with operations driven by hand', async () => {
    await using server = await startTestServer({ services: [reports()] });
    const byHand = await server.createOperation({ startedBy: 'ExportReport' });
    const operation = await server.client.start(exportReport, REQUEST);
    expect(operation.name).toBe(byHand.name);
    await byHand.fail({ code: 'ABORTED', message: 'by hand' });
    expect(await operation.wait()).toMatchObject({ state: 'failed' });
    await expect(server.createOperation({ startedBy: 'ExportReports' })).rejects.toThrow('did you mean');
  });

  it('is served beside faked APIs', async () => {
    await using server = await startTestServer({ services: [reports()] });
    await server.fake('google/cloud/gkemulticloud/v1/attached_service.proto', {
      includeDirs: ['node_modules/@google-cloud/gkemulticloud/build/protos'],
    });
    server.failNext('CreateAttachedCluster');
    server.failNext('ExportReport', { code: 'PERMISSION_DENIED' });
    await expect(server.client.start(exportReport, REQUEST)).rejects.toMatchObject({
      codeName: 'PERMISSION_DENIED',
    });
    await server.client.start(exportReport, REQUEST);
    expect(server.calls.map(({ method }) => method)).toEqual([EXPORT, EXPORT]);
  });

  it('accepts undefined for every option', async () => {
    await using server = await startTestServer({ services: undefined, descriptors: undefined });
    expect(() => server.failNext('ExportReport')).toThrow('method "ExportReport" is unknown');
  });
});

describe('faults of a hosted service', () => {
  it('fail the call that starts an operation', async () => {
    const started: string[] = [];
    const run: ExportOptions['run'] = ({ title }) => {
      started.push(title);
      return {};
    };
    await using server = await startTestServer({ services: [reports({ run })] });
    server.failNext('ExportReport', { code: 'UNAVAILABLE', message: 'back soon' });
    expect(server.faults).toMatchObject([{ method: EXPORT, left: 1 }]);
    using client = rawClient(server.address, ReportsService.exportReport);
    await expect(client.call(REQUEST)).rejects.toMatchObject({ code: 14, details: 'back soon' });
    expect(started).toEqual([]);
    expect(server.calls).toMatchObject([{ fault: 'error', outcome: { code: 'UNAVAILABLE' } }]);
    await client.call(REQUEST);
    expect(started).toEqual(['Figures']);
  });

  it('fail the reading of its operations, of which the client retries', async () => {
    await using server = await startTestServer({ services: [reports()] });
    const operation = await server.client.start(exportReport, REQUEST);
    server.failNext('GetOperation', { code: 'UNAVAILABLE', name: operation.name });
    expect(await server.client.getOperation(operation)).toMatchObject({ name: operation.name });
    const reads = server.calls.filter(({ method }) => method.endsWith('.GetOperation'));
    expect(reads.map(({ outcome }) => outcome?.code)).toEqual(['UNAVAILABLE', 'OK']);
  });

  it('alter the operations that it returns', async () => {
    await using server = await startTestServer({ services: [reports()] });
    using reportsClient = rawClient(server.address, ReportsService.exportReport);
    const first = await reportsClient.call(REQUEST);
    server.inject({ method: EXPORT, effect: 'unknownAny' });
    const second = await reportsClient.call({ ...REQUEST, requestId: 'two' });
    expect(first.metadata?.typeUrl).toBe('type.googleapis.com/example.reports.v1.ReportMetadata');
    expect(second.metadata?.typeUrl).toBe('type.googleapis.com/longrunning.testing.Unknown');
    server.inject({ name: REQUEST.parent, effect: 'drop' });
    await expect(reportsClient.call(REQUEST)).rejects.toMatchObject({ code: 14 });
  });

  it('may be part of a script, whose behavior applies to faked methods only', async () => {
    await using server = await startTestServer({ services: [reports()] });
    server.script({ faults: [{ method: 'ExportReport', code: 'ABORTED' }] });
    expect(server.faults).toMatchObject([{ method: EXPORT }]);
    expect(() => server.script({ methods: { ExportReport: { durationMs: 5 } } })).toThrow(
      `method ${EXPORT} is hosted, and scripts apply to faked methods: change its implementation`,
    );
  });

  it.each(['ExportReprot', 'Reports.ExportReprot', 'example.reports.v1.Reports.ExportReprot'])(
    'name known methods: %s is a mistake',
    async (name) => {
      await using server = await startTestServer({ services: [reports()] });
      const advice = `did you mean "${name.replace('Reprot', 'Report')}"?`;
      expect(() => server.failNext(name)).toThrow(advice);
      expect(() => server.inject({ method: name, effect: 'hang' })).toThrow(advice);
      await expect(server.whenCalled(name)).rejects.toThrow(advice);
    },
  );
});

describe('descriptors of hosted services', () => {
  it('serve them over REST too, with recording and faults', async () => {
    const descriptors = readFileSync('generated/descriptors.binpb');
    await using server = await startTestServer({ services: [reports()], descriptors });
    const start = () =>
      fetch(`${server.url}/v1/${REQUEST.parent}/reports:export`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ title: 'Figures' }),
      });
    server.failNext('ExportReport', { code: 'RESOURCE_EXHAUSTED' });
    expect((await start()).status).toBe(429);
    expect(await (await start()).json()).toMatchObject({ name: `${REQUEST.parent}/operations/1` });
    expect(server.calls).toMatchObject([
      { method: EXPORT, over: 'REST', request: { parent: REQUEST.parent }, fault: 'error' },
      { method: EXPORT, over: 'REST', request: { title: 'Figures' }, outcome: { code: 'OK' } },
    ]);
  });

  it('may describe other services, which can be faked', async () => {
    const descriptors = readFileSync('generated/descriptors.binpb');
    await using server = await startTestServer({ services: [echoService()], descriptors });
    await server.fake(PROTO, { includeDirs: ['protos'], script: { default: { durationMs: 0 } } });
    const operation = await server.client.start(exportReport, REQUEST);
    expect((await operation.wait()).state).toBe('succeeded');
    expect(server.calls[0]).toMatchObject({ method: EXPORT, request: REQUEST });
  });

  it('are optional: without them REST answers 404', async () => {
    await using server = await startTestServer({ services: [reports()] });
    const url = `${server.url}/v1/${REQUEST.parent}/reports:export`;
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(404);
  });

  it('are checked', async () => {
    const descriptors = Buffer.from([0xff]);
    await expect(startTestServer({ services: [reports()], descriptors })).rejects.toMatchObject({
      name: 'SchemaError',
    });
  });
});

describe('mistakes with hosted services', () => {
  it('a service is hosted twice', async () => {
    await expect(startTestServer({ services: [reports(), reports()] })).rejects.toThrow(
      new TypeError('service example.reports.v1.Reports is given twice: give it once, with all its handlers'),
    );
  });

  it('a hosted service is faked', async () => {
    await using server = await startTestServer({ services: [reports()] });
    await expect(server.fake(PROTO, { includeDirs: ['protos'] })).rejects.toThrow(
      new TypeError(
        'service example.reports.v1.Reports is hosted already: remove it from services to fake it, or do not fake it',
      ),
    );
    expect((await server.client.start(exportReport, REQUEST)).name).toMatch(/operations\/1$/);
  });

  it('a definition is passed instead of a service', async () => {
    const services = [ReportsService] as unknown as Service[];
    await expect(startTestServer({ services })).rejects.toThrow(
      /^services must be created by service\(\) of longrunning\/server, got /,
    );
  });
});

describe('requests of other methods', () => {
  it('are recorded as plain JSON', async () => {
    await using server = await startTestServer({ services: [echoService()] });
    using client = rawClient(server.address, ECHO);
    await client.call({});
    expect(server.calls).toMatchObject([{ method: 'acme.v1.Echo.Echo', outcome: { code: 'OK' } }]);
    expect(server.calls[0]?.request).toEqual({
      name: 'a',
      big: '1152921504606846976',
      bytes: 'AQI=',
      none: null,
      list: [1, 'NaN'],
      map: { 1: { at: '1970-01-01T00:00:00.000Z' } },
    });
    server.inject({ method: 'Echo', name: 'a', code: 'ABORTED' });
    await expect(client.call({})).rejects.toMatchObject({ code: 10 });
  });
});

interface RawClient<Request, Response> extends Disposable {
  call(request: Request): Promise<Response>;
}

/** Client of one method, without retries. */
function rawClient(
  address: string,
  method: typeof ReportsService.exportReport,
): RawClient<typeof REQUEST, Operation>;
function rawClient(address: string, method: MethodDefinition<object, object>): RawClient<object, object>;
function rawClient(address: string, method: unknown): RawClient<object, object> {
  const Client = makeGenericClientConstructor({}, 'Raw');
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
  const { path, requestSerialize, responseDeserialize } = method as MethodDefinition<object, object>;
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
          answer ? resolve(answer) : reject(error),
        );
      }),
    [Symbol.dispose]: () => client.close(),
  };
}

/** Service with the method {@link ECHO}. */
function echoService(): Service {
  const echo: handleUnaryCall<object, object> = (_, callback) => callback(null, {});
  return service({ echo: ECHO }, { echo });
}
