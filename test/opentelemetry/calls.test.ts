import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { Code } from 'longrunning';
import { eventually } from '../../src/conformance/eventually.js';
import { PARENT, startReportsServer } from '../../src/conformance/reports-server.js';
import { serveGateway } from '../gateway/http-client.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { Recorder } from './recorder.js';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
const tracestate = 'vendor=a';
const DESCRIPTORS = readFileSync(join(__dirname, '../../generated/descriptors.binpb'));
const GET = 'google.longrunning.Operations/GetOperation';
const EXPORT = 'example.reports.v1.Reports/ExportReport';

const opened = closeAfterEach();

async function start() {
  const recorder = opened(new Recorder());
  const server = opened(await startReportsServer({ telemetry: recorder.telemetry() }));
  return { recorder, server };
}

describe('a call', () => {
  it('has one server span by the conventions for RPC, child of the caller that traceparent names', async () => {
    const { recorder, server } = await start();
    const { name } = await server.overGrpc.exportReport({}, { headers: { traceparent, tracestate } });
    const [span] = recorder.spansNamed(EXPORT);
    expect(span?.kind).toBe(SpanKind.SERVER);
    expect(span?.spanContext().traceId).toBe(CALLER.traceId);
    expect(span?.parentSpanContext).toMatchObject({ ...CALLER, isRemote: true });
    expect(span?.spanContext().traceState?.serialize()).toBe(tracestate);
    expect(span?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': EXPORT,
      'rpc.status_code': 'OK',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
      'longrunning.operation.name': name,
    });
    expect(recorder.spansNamed(EXPORT)).toHaveLength(1);
  });

  it('without a traceparent starts a trace; an operation that is not found is not a server error', async () => {
    const { recorder, server } = await start();
    const name = `${PARENT}/operations/none`;
    await expect(server.overGrpc.operations.getOperation({ name })).rejects.toMatchObject({
      code: Code.NOT_FOUND,
    });
    const [span] = recorder.spansNamed(GET);
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.attributes).toMatchObject({
      'rpc.status_code': 'NOT_FOUND',
      'longrunning.operation.name': name,
    });
    expect(span?.attributes).not.toHaveProperty(['error.type']);
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('that fails unexpectedly is an error of type UNKNOWN, without the cause', async () => {
    const recorder = opened(new Recorder());
    const exportReport = {
      onStart: () => {
        throw new Error('secret');
      },
    };
    const server = opened(await startReportsServer({ telemetry: recorder.telemetry(), exportReport }));
    await expect(server.overGrpc.exportReport()).rejects.toMatchObject({ code: Code.UNKNOWN });
    const [span] = recorder.spansNamed(EXPORT);
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    expect(span?.attributes).toMatchObject({ 'rpc.status_code': 'UNKNOWN', 'error.type': 'UNKNOWN' });
    expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain('secret');
  });

  it('that its caller cancelled is CANCELLED', async () => {
    const { recorder, server } = await start();
    const { name } = await server.overGrpc.exportReport();
    const leaving = new AbortController();
    const { signal } = leaving;
    const left = expect(server.overGrpc.operations.waitOperation({ name }, { signal })).rejects.toThrow();
    await eventually(async () => (await recorder.points('longrunning.wait.active'))[0]?.value === 1);
    leaving.abort(new Error('gone'));
    await left;
    const WAIT = 'google.longrunning.Operations/WaitOperation';
    await eventually(() => recorder.spansNamed(WAIT).length === 1);
    expect(recorder.spansNamed(WAIT)[0]?.attributes).toMatchObject({ 'rpc.status_code': 'CANCELLED' });
    expect(await recorder.points('longrunning.wait.active')).toMatchObject([{ value: 0 }]);
  });

  it('over REST has the same span, in the trace of the HTTP request', async () => {
    const { recorder, server } = await start();
    const gateway = opened(await serveGateway({ target: server.address, descriptors: DESCRIPTORS }));
    const headers = { traceparent, tracestate };
    const started = await gateway.ask('POST', `/v1/${PARENT}/reports:export`, { headers, body: {} });
    const { name } = started.json as { name: string };
    await gateway.ask('GET', `/v1/${name}`, { headers });
    for (const method of [EXPORT, GET]) {
      const [span] = recorder.spansNamed(method);
      expect(span?.parentSpanContext).toMatchObject({ ...CALLER, isRemote: true });
      expect(span?.spanContext().traceState?.serialize()).toBe(tracestate);
      expect(span?.attributes).toMatchObject({ 'rpc.method': method, 'longrunning.operation.name': name });
    }
  });
});
