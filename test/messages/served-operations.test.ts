import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, type Options } from '@grpc/proto-loader';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ReportsClient } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Code, StatusError } from '../../src/core/status.js';
import { convertOperation, OperationsClient, plainOperation, snapshotOf } from '../../src/index.js';
import {
  createOperations,
  implement,
  type Operations,
  OperationsService,
  strictService,
} from '../../src/server/index.js';
import { insecure, PROTOBUF_OPERATION } from './clients.js';
import { generateWith } from './ts-proto.js';

const PARENT = 'projects/p/locations/l';
const FAIL = 'fail';
const exportReport = implement(ReportsOperations.exportReport, {
  parent: (request) => request.parent,
  metadata: () => ({ progressPercent: 5 }),
  onStart: ({ title }) => (title === FAIL ? undefined : { uri: 'file:///a', rowCount: 3 }),
  async run() {
    throw new StatusError(Code.FAILED_PRECONDITION, 'locked');
  },
});

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Handler = (request: never, operations: Operations) => Promise<unknown>;

/** Serves ExportReport and Operations with the definitions of another generator. Returns the address. */
async function serve(
  reports: object,
  operationsService: object,
  handler?: Handler,
): Promise<{ readonly address: string; readonly operations: Operations }> {
  const operations = createOperations({ methods: [exportReport] });
  const server = new Server();
  const started = operations.starter(exportReport);
  const custom = (call: { request: never }, callback: (error: Error | null, value?: unknown) => void) => {
    (handler as Handler)(call.request, operations).then((value) => callback(null, value), callback);
  };
  server.addService(reports as ServiceDefinition, { exportReport: handler ? custom : started } as never);
  server.addService(operationsService as ServiceDefinition, operations.handlers as never);
  closing.push(
    () => operations.close({ graceMs: 0 }),
    () => server.forceShutdown(),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, operations };
}

/** Checks both outcomes from the start response, Get, Wait and List with a client of this package. */
async function checkServed(address: string): Promise<void> {
  await using client = new OperationsClient({ address });
  const stub = new ReportsClient(address, insecure);
  closing.push(() => stub.close());
  const start = (title: string) =>
    new Promise<never>((resolve, reject) => {
      const request = { parent: PARENT, title, requestId: '' };
      stub.exportReport(request, (error, operation) => (error ? reject(error) : resolve(operation as never)));
    });
  const succeeded = await start('x');
  const expected = {
    state: 'succeeded',
    response: { uri: 'file:///a', rowCount: 3 },
    metadata: { progressPercent: 5 },
  };
  const handle = client.operation(succeeded, ReportsOperations.exportReport);
  expect(await handle.wait()).toMatchObject(expected);
  expect(await handle.get()).toMatchObject(expected);
  const failing = client.operation(await start(FAIL), ReportsOperations.exportReport);
  const error = { code: Code.FAILED_PRECONDITION, message: 'locked' };
  expect(await failing.wait()).toMatchObject({ state: 'failed', error, metadata: { progressPercent: 5 } });
  const { operations } = await client.listOperations({ name: PARENT });
  expect(operations.map(({ result }) => result?.$case)).toEqual(['error', 'response']);
}

const TS_PROTO_OPTIONS = [
  ['oneof=properties'],
  ['oneof=unions'],
  ['oneof=unions-value', 'env=node'],
  ['oneof=unions', 'outputTypeAnnotations=true', 'unknownFields=true'],
  ['useNullAsOptional=true', 'useOptionals=all'],
];

const LOADER_OPTIONS: readonly Options[] = [
  {},
  { keepCase: true, defaults: true, oneofs: true },
  { json: true, longs: String, bytes: String, enums: String },
];

describe('strictService sends Operations whole', () => {
  it.each(TS_PROTO_OPTIONS.map((options) => [options]))('with stubs of ts-proto, %j', async (options) => {
    const { reports, operations } = generateWith(options);
    const { address } = await serve(
      strictService(reports.ReportsService as never),
      strictService(operations.OperationsService as never),
    );
    await checkServed(address);
  });

  it.each(LOADER_OPTIONS)('with definitions of proto-loader, %j', async (options) => {
    const loaded = loadFileDescriptorSetFromBuffer(readFileSync('generated/descriptors.binpb'), {
      ...options,
      keepCase: options.keepCase ?? false,
    });
    const { 'example.reports.v1.Reports': reports } = loaded;
    const { address } = await serve(strictService(reports as never), OperationsService);
    await checkServed(address);
  });

  it('if a handler returns the form of another generator', async () => {
    const { reports, operations } = generateWith(['oneof=unions']);
    const { decode } = operations.Operation as { decode(bytes: Uint8Array): unknown };
    const { address } = await serve(
      strictService(reports.ReportsService as never),
      strictService(operations.OperationsService as never),
      async (request, kit) => convertOperation(await kit.start(exportReport, request), decode),
    );
    await checkServed(address);
  });

  it('but rejects other messages with INTERNAL', async () => {
    const { reports, operations } = generateWith(['oneof=properties']);
    const { address } = await serve(
      strictService(reports.ReportsService as never),
      strictService(operations.OperationsService as never),
      async () => ({ title: 'x' }),
    );
    await expect(checkServed(address)).rejects.toMatchObject({ code: Code.INTERNAL });
  });
});

describe('converters, without strictService', () => {
  it.each(LOADER_OPTIONS)('plainOperation with proto-loader, as in NestJS, %j', async (options) => {
    const loaded = loadFileDescriptorSetFromBuffer(readFileSync('generated/descriptors.binpb'), options);
    const { 'example.reports.v1.Reports': reports } = loaded;
    const { address } = await serve(reports as object, OperationsService, async (request, kit) =>
      plainOperation(await kit.start(exportReport, request)),
    );
    await checkServed(address);
  });

  it.each([[['oneof=properties']], [['snakeToCamel=false']]])(
    'plainOperation with ts-proto, %j',
    async (options) => {
      const { reports } = generateWith(options);
      const { address } = await serve(
        reports.ReportsService as object,
        OperationsService,
        async (request, kit) => plainOperation(await kit.start(exportReport, request)),
      );
      await checkServed(address);
    },
  );

  it.each([[['oneof=unions']], [['oneof=unions-value']], [['oneof=properties', 'snakeToCamel=false']]])(
    'convertOperation with ts-proto, %j',
    async (options) => {
      const { reports, operations } = generateWith(options);
      const { decode } = operations.Operation as { decode(bytes: Uint8Array): unknown };
      const { address } = await serve(
        reports.ReportsService as object,
        OperationsService,
        async (request, kit) => convertOperation(await kit.start(exportReport, request), decode),
      );
      await checkServed(address);
    },
  );

  it('convertOperation with protobuf-es', async () => {
    const kit = createOperations({ methods: [exportReport] });
    closing.push(() => kit.close({ graceMs: 0 }));
    const operation = await kit.start(exportReport, { parent: PARENT, title: 'x' });
    expect(convertOperation(operation, (bytes) => fromBinary(PROTOBUF_OPERATION, bytes))).toMatchObject({
      $typeName: 'google.longrunning.Operation',
      name: operation.name,
      result: {
        case: 'response',
        value: { typeUrl: operation.result?.$case === 'response' && operation.result.value.typeUrl },
      },
    });
  });
});

describe('codecs that cannot represent their messages', () => {
  it.each([
    [[], 'has no $type: generate it with outputTypeAnnotations=static-only'],
    [
      ['outputTypeAnnotations=static-only', 'outputPartialMethods=false'],
      'has no fromPartial: generate it with outputPartialMethods=true',
    ],
    [
      ['outputTypeAnnotations=static-only', 'outputJsonMethods=to-only'],
      'has no fromJSON: generate it with outputJsonMethods=true',
    ],
    [
      ['outputTypeAnnotations=static-only', 'outputEncodeMethods=false', 'outputServices=none'],
      'has no encode: generate it with outputEncodeMethods=true',
    ],
  ])('ts-proto with %j: createOperations throws a TypeError', (options, message) => {
    const { reports } = generateWith(options);
    const method = {
      path: '/example.reports.v1.Reports/ExportReport',
      request: reports.ExportReportRequest,
      response: reports.ExportReportResponse,
      metadata: reports.ReportMetadata,
    } as typeof ReportsOperations.exportReport;
    const create = () => createOperations({ methods: [implement(method, { run: () => ({}) })] });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(`the codec of the request of /example.reports.v1.Reports/ExportReport ${message}`);
  });

  it('strictService of a definition without codecs throws a TypeError', () => {
    const definition = { exportReport: { path: '/a.B/C', requestDeserialize: (bytes: Buffer) => bytes } };
    expect(() => strictService(definition as never)).toThrow(
      /method exportReport has no responseDeserialize: .*outputEncodeMethods/,
    );
  });
});

describe('methods whose codecs are generated with other options', () => {
  it.each([
    [['oneof=properties', 'outputTypeAnnotations=true']],
    [['oneof=unions', 'outputTypeAnnotations=static-only', 'useNullAsOptional=true']],
    [['outputTypeAnnotations=static-only', 'usePrototypeForDefaults=true']],
    [['outputTypeAnnotations=static-only', 'useOptionals=all', 'forceLong=string', 'useDate=string']],
    [['outputTypeAnnotations=static-only', 'forceLong=bigint', 'useDate=false', 'unknownFields=true']],
  ])('ts-proto with %j: the response and merged metadata are sent', async (options) => {
    const { reports } = generateWith(options);
    const method = {
      path: '/example.reports.v1.Reports/ExportReport',
      request: reports.ExportReportRequest,
      response: reports.ExportReportResponse,
      metadata: reports.ReportMetadata,
    } as typeof ReportsOperations.exportReport;
    const implemented = implement(method, {
      metadata: () => ({}),
      async run(_, { update }) {
        await update({ progressPercent: 7 });
        return { uri: 'file:///a' };
      },
    });
    const operations = createOperations({ methods: [implemented] });
    closing.push(() => operations.close({ graceMs: 0 }));
    const { name } = await operations.start(implemented, { parent: '', title: 'x' });
    const ended = await operations.api.waitOperation({ name });
    expect(snapshotOf(ended, ReportsOperations.exportReport)).toMatchObject({
      state: 'succeeded',
      response: { uri: 'file:///a', rowCount: 0 },
      metadata: { progressPercent: 7 },
    });
  });
});
