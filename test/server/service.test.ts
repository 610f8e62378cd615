import {
  Client,
  credentials,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { describe, expect, it } from '@jest/globals';
import {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
  ReportsService,
} from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
} from '../../generated/health/v1/health.js';
import { Code, operationMethod, StatusError, snapshotOf } from '../../src/index.js';
import {
  type AuthorizeStep,
  createOperations,
  implement,
  type OperationsOptions,
  type Service,
  service,
} from '../../src/server/index.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { Recorder } from '../opentelemetry/recorder.js';

const exportReport = implement(ReportsOperations.exportReport, {
  parent: ({ parent }) => parent,
  run: ({ title }) => ({ uri: `file:///${title}` }),
});
const purgeReports = implement(ReportsOperations.purgeReports, { run: () => ({}) });
const handlers = { exportReport, purgeReports };

/** Handlers as JavaScript passes them. */
const untyped = (given: object, definition: object = ReportsService) =>
  service(definition as typeof ReportsService, given as typeof handlers);

describe('service', () => {
  it.each<[string, object, string]>([
    [
      'a missing handler',
      { exportReport },
      'handler of method purgeReports (/example.reports.v1.Reports/PurgeReports) is missing: pass purgeReports',
    ],
    [
      'a handler that is null',
      { exportReport, purgeReports: null },
      'purgeReports (/example.reports.v1.Reports/PurgeReports) is missing',
    ],
    [
      'a misspelt handler',
      { exportReport, purgeReport: purgeReports },
      'service example.reports.v1.Reports has no method purgeReport: did you mean purgeReports?',
    ],
    [
      'a handler without a method',
      { ...handlers, whatever: exportReport },
      'has no method whatever: remove it',
    ],
    [
      'swapped implementations',
      { exportReport: purgeReports, purgeReports: exportReport },
      'handler of method exportReport (/example.reports.v1.Reports/ExportReport) implements /example.reports.v1.Reports/PurgeReports: pass the implementation of /example.reports.v1.Reports/ExportReport',
    ],
    [
      'a method description',
      { exportReport: ReportsOperations.exportReport, purgeReports },
      'is neither: pass exportReport, a function for grpc-js or the result of implement()',
    ],
    ['a started operation', { exportReport: 'operations/1', purgeReports }, 'is neither'],
  ])('rejects %s', (_what, given, message) => {
    expect(() => untyped(given)).toThrow(TypeError);
    expect(() => untyped(given)).toThrow(message);
  });

  it.each<[string, object, string]>([
    ['a definition without methods', {}, 'service definition has no methods'],
    [
      'a definition of another framework',
      { name: 'Reports', fullName: 'x', methods: {} },
      'has no requestDeserialize: pass a service definition for grpc-js',
    ],
    [
      'a client class',
      Object.assign(() => {}, { service: ReportsService }),
      'service definition is a client class: pass its property `service`',
    ],
    [
      'no definition',
      [undefined][0] as unknown as object,
      'service definition must be an object, got undefined',
    ],
  ])('rejects %s', (_what, definition, message) => {
    expect(() => untyped(handlers, definition ?? (null as unknown as object))).toThrow(TypeError);
    expect(() => service(definition as never, handlers as never)).toThrow(message);
  });

  it('rejects an implementation of a method that does not return an operation', () => {
    const check = implement(
      { ...ReportsOperations.exportReport, path: HealthService.check.path },
      { run: () => ({}) },
    );
    const given = { check, list: () => {}, watch: () => {} };
    expect(() => service(HealthService, given as never)).toThrow(
      'method check (/grpc.health.v1.Health/Check) does not return google.longrunning.Operation: pass a function',
    );
  });

  it('a method named like a member of every object needs a handler', () => {
    const definition = { toString: { ...ReportsService.exportReport, path: '/acme.v1.Texts/ToString' } };
    expect(() => service(definition as never, {} as never)).toThrow('handler of method toString');
  });

  it('is data with the name of the service', () => {
    expect(service(ReportsService, handlers).name).toBe('example.reports.v1.Reports');
  });
});

describe('createOperations({ services })', () => {
  it('rejects two services of the same name', () => {
    const plain = { exportReport: () => {}, purgeReports: () => {} };
    const services = [service(ReportsService, handlers), service(ReportsService, plain)];
    expect(() => createOperations({ services })).toThrow(
      new TypeError('service example.reports.v1.Reports is given twice: give it once, with all its handlers'),
    );
  });

  it('serves the long-running methods of the services', async () => {
    await using operations = createOperations({ services: [service(ReportsService, handlers)] });
    const { name } = await operations.start(exportReport, { parent: 'projects/p', title: 'q1' });
    expect(await operations.api.waitOperation({ name })).toMatchObject({ done: true });
    expect([...operations.health.services]).toContain('example.reports.v1.Reports');
  });
});

describe('addTo', () => {
  const opened = closeAfterEach();

  async function serve(services: readonly Service[], options: Partial<OperationsOptions> = {}) {
    const logged: { readonly facts: object; readonly message: string }[] = [];
    const logger = { error: (facts: object, message: string) => logged.push({ facts, message }) };
    const operations = createOperations({ logger, ...options });
    const server = new Server();
    operations.addTo(server, ...services);
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    opened({
      async [Symbol.asyncDispose]() {
        client.close();
        await operations.close({ graceMs: 0 });
        server.forceShutdown();
      },
    });
    return { operations, server, client, logged };
  }

  type Unary<Request, Response> = {
    readonly path: string;
    requestSerialize(request: Request): Buffer;
    responseDeserialize(bytes: Buffer): Response;
  };
  const call = <Request, Response>(client: Client, method: Unary<Request, Response>, request: Request) =>
    new Promise<Response>((resolve, reject) =>
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error, response) => (error ? reject(error) : resolve(response as Response)),
      ),
    );
  const exportRequest = ExportReportRequest.fromPartial({ parent: 'projects/p', title: 'q1' });
  const health = (check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse>) =>
    service(HealthService, { check, list: () => {}, watch: () => {} });

  it('adds Operations and the services', async () => {
    const { client, operations } = await serve([service(ReportsService, handlers)]);
    const { name } = await call(client, ReportsService.exportReport, exportRequest);
    expect(name).toMatch(/^projects\/p\/operations\//);
    expect(await operations.api.waitOperation({ name })).toMatchObject({ done: true });
    const purge = await call(client, ReportsService.purgeReports, {
      parent: 'projects/p',
      requestId: '',
    } as never);
    expect(purge.name).toMatch(/^operations\//);
  });

  it('adds a service once, and further ones later', async () => {
    const reports = service(ReportsService, handlers);
    const { operations, server } = await serve([reports]);
    operations.addTo(server, reports);
    operations.addTo(
      server,
      health((_call, callback) => callback(null, { status: 1 })),
    );
    expect(() => operations.addTo(server, service(ReportsService, handlers))).toThrow('already provided');
  });

  it('rejects google.longrunning.Operations, which it adds itself', async () => {
    const { operations, server } = await serve([]);
    const definition = {
      getOperation: { ...ReportsService.exportReport, path: '/google.longrunning.Operations/GetOperation' },
    };
    const own = service(definition, { getOperation: () => {} });
    expect(() => operations.addTo(server, own)).toThrow('is given: leave it out');
  });

  it('calls handlers as methods of their object', async () => {
    class Health {
      readonly status = 1;
      check(_call: unknown, callback: (error: null, response: { status: 1 }) => void) {
        callback(null, { status: this.status as 1 });
      }
      list() {}
      watch() {}
      reset() {}
    }
    const { client } = await serve([service(HealthService, new Health() as never)]);
    expect(await call(client, HealthService.check, { service: '' })).toEqual({ status: 1 });
  });

  it('rejects damaged requests of every method', async () => {
    const check = health((_call, callback) => callback(null, { status: 1 }));
    const { client } = await serve([service(ReportsService, handlers), check]);
    const damaged = {
      requestSerialize: () => Buffer.of(10, 1, 97, 0),
      responseDeserialize: (bytes: Buffer) => bytes,
    };
    for (const { path } of [ReportsService.exportReport, HealthService.check])
      await expect(call(client, { path, ...damaged }, undefined)).rejects.toMatchObject({
        code: Code.INTERNAL,
      });
  });

  it('hides errors that a handler throws, and sends StatusErrors with their details', async () => {
    let thrown: unknown = new Error('secret');
    const { client, logged } = await serve([
      health(() => {
        throw thrown;
      }),
    ]);
    await expect(call(client, HealthService.check, { service: '' })).rejects.toMatchObject({
      code: Code.UNKNOWN,
      details: expect.not.stringContaining('secret') as never,
    });
    expect(logged).toMatchObject([{ facts: { err: thrown } }]);
    thrown = new StatusError(Code.NOT_FOUND, 'no such service');
    await expect(call(client, HealthService.check, { service: '' })).rejects.toMatchObject({
      code: Code.NOT_FOUND,
      details: 'no such service',
    });
  });

  describe('authorizes every method', () => {
    const asked: string[] = [];
    const authorize: AuthorizeStep = ({ method, name }) => {
      asked.push(`${method.split('/')[2]} ${name}`);
      throw new StatusError(Code.PERMISSION_DENIED, 'not you');
    };

    it.each<[string, (client: Client) => Promise<unknown>, string]>([
      [
        'long-running',
        (client) => call(client, ReportsService.exportReport, exportRequest),
        'ExportReport projects/p',
      ],
      ['unary', (client) => call(client, HealthService.check, { service: 'x' }), 'Check services/x'],
      ['streaming', (client) => firstMessage(client, 'x'), 'Watch '],
    ])('%s', async (_kind, make, expected) => {
      asked.length = 0;
      const neverCalled = () => {
        throw new Error('called without authorization');
      };
      const checked = service(
        HealthService,
        { check: neverCalled, list: neverCalled, watch: neverCalled },
        { nameOf: { check: ({ service: name }) => `services/${name}` } },
      );
      const { client } = await serve([service(ReportsService, handlers), checked], { authorize });
      await expect(make(client)).rejects.toMatchObject({ code: Code.PERMISSION_DENIED, details: 'not you' });
      expect(asked).toEqual([expected]);
    });
  });

  it('limits the calls of a caller, including streams, until they end', async () => {
    const watching = Promise.withResolvers<() => void>();
    const { client } = await serve(
      [
        service(HealthService, {
          check: (_call, callback) => callback(null, { status: 1 }),
          list: () => {},
          watch: (call) => watching.resolve(() => call.end()),
        }),
      ],
      { maxCallsPerCaller: 1 },
    );
    const watched = firstMessage(client, 'x');
    const end = await watching.promise;
    await expect(call(client, HealthService.check, { service: '' })).rejects.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
    });
    end();
    expect(await watched).toBeUndefined();
    expect(await call(client, HealthService.check, { service: '' })).toEqual({ status: 1 });
  });

  it('reports calls of every method to telemetry', async () => {
    const recorder = opened(new Recorder());
    const { client } = await serve(
      [
        service(ReportsService, handlers),
        service(HealthService, {
          check: (_call, callback) => callback({ code: Code.NOT_FOUND, details: 'unknown' }),
          list: () => {},
          watch(call) {
            call.write({ status: 1 });
            if (call.request.service === 'broken')
              call.emit('error', { code: Code.ABORTED, details: 'broken' });
            else call.end();
          },
        }),
      ],
      { telemetry: recorder.telemetry() },
    );
    await call(client, ReportsService.exportReport, exportRequest);
    await call(client, HealthService.check, { service: '' }).catch(() => {});
    expect(await firstMessage(client, 'x')).toEqual({ status: 1 });
    await firstMessage(client, 'broken').catch(() => {});
    const codes = (name: string) =>
      recorder.spansNamed(name).map(({ attributes }) => attributes['rpc.status_code']);
    expect(codes('example.reports.v1.Reports/ExportReport')).toEqual(['OK']);
    expect(codes('grpc.health.v1.Health/Check')).toEqual(['NOT_FOUND']);
    expect(codes('grpc.health.v1.Health/Watch')).toEqual(['OK', 'ABORTED']);
  });

  it('a streaming handler that throws ends its call', async () => {
    const { client, logged } = await serve([
      service(HealthService, {
        check: () => {},
        list: () => {},
        watch: (async () => {
          throw new Error('secret');
        }) as () => void,
      }),
    ]);
    await expect(firstMessage(client, 'x')).rejects.toMatchObject({ code: Code.UNKNOWN });
    expect(logged).toMatchObject([{ message: 'call failed unexpectedly' }]);
  });

  it('accepts definitions of proto-loader, under both names of a method', async () => {
    const definition = loadedReports();
    const method = operationMethod({
      path: '/acme.v1.Loaded/ExportReport',
      request: ExportReportRequest,
      response: ExportReportResponse,
      metadata: ReportMetadata,
    });
    const implemented = implement(method, { run: ({ title }) => ({ uri: title }) });
    for (const key of ['ExportReport', 'exportReport']) {
      const { client, operations } = await serve([service(definition, { [key]: implemented })]);
      const { requestSerialize } = ReportsService.exportReport;
      const { name } = await call(
        client,
        { path: method.path, requestSerialize, responseDeserialize: (bytes) => Operation.decode(bytes) },
        exportRequest,
      );
      const ended = snapshotOf(await operations.api.waitOperation({ name }), method);
      expect(ended).toMatchObject({ response: { uri: 'q1' } });
    }
  });

  /** Resolves to the first message of a watch, undefined if there is none, once the call has ended. */
  function firstMessage(client: Client, name: string): Promise<HealthCheckResponse | undefined> {
    return new Promise((resolve, reject) => {
      let first: HealthCheckResponse | undefined;
      const { path, requestSerialize, responseDeserialize } = HealthService.watch;
      const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
        service: name,
      });
      stream.on('data', (message: HealthCheckResponse) => {
        first ??= message;
      });
      stream.on('error', (error: ServiceError) => reject(error));
      stream.on('end', () => resolve(first));
    });
  }
});

/** A definition of proto-loader, whose messages have another form than those of the implementation. */
function loadedReports(): ServiceDefinition {
  const any = { fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } };
  const json = {
    nested: {
      google: {
        nested: {
          protobuf: { nested: { Any: any } },
          rpc: {
            nested: {
              Status: {
                fields: {
                  code: { type: 'int32', id: 1 },
                  message: { type: 'string', id: 2 },
                  details: { rule: 'repeated', type: 'google.protobuf.Any', id: 3 },
                },
              },
            },
          },
          longrunning: {
            nested: {
              Operation: {
                oneofs: { result: { oneof: ['error', 'response'] } },
                fields: {
                  name: { type: 'string', id: 1 },
                  metadata: { type: 'google.protobuf.Any', id: 2 },
                  done: { type: 'bool', id: 3 },
                  error: { type: 'google.rpc.Status', id: 4 },
                  response: { type: 'google.protobuf.Any', id: 5 },
                },
              },
            },
          },
        },
      },
      acme: {
        nested: {
          v1: {
            nested: {
              Request: {
                fields: { parent: { type: 'string', id: 1 }, report_title: { type: 'string', id: 2 } },
              },
              Loaded: {
                methods: {
                  ExportReport: { requestType: 'Request', responseType: 'google.longrunning.Operation' },
                },
              },
            },
          },
        },
      },
    },
  };
  return fromJSON(json as Parameters<typeof fromJSON>[0], { keepCase: true, oneofs: true })[
    'acme.v1.Loaded'
  ] as ServiceDefinition;
}
