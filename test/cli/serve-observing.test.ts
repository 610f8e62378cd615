import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FAULTY_SCRIPT, Running, run, Serving } from './command-line.js';

// Every command is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(...args: string[]): Promise<Serving> {
  const serving = await Serving.start(args);
  open.push(() => serving[Symbol.asyncDispose]());
  return serving;
}

/** Resolves to the log after the server has stopped. */
async function logged(serving: Serving): Promise<{ text: string; lines: Record<string, unknown>[] }> {
  serving.child.kill('SIGTERM');
  const { stderr } = await serving.ended;
  const lines = stderr.trim().split('\n').filter(Boolean);
  return { text: stderr, lines: lines.map((line) => JSON.parse(line)) };
}

const START = '/v1/projects/p/locations/l/reports:export';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;

describe('serve › --metrics', () => {
  it('serves Prometheus on a separate port, printed in a line; other paths are 404', async () => {
    const serving = await serve('--metrics', '127.0.0.1:0');
    const address = (await serving.line(/metrics on/)).replace('longrunning: metrics on ', '');
    const started = await run(['start', 'Reports/ExportReport', '{"parent": "projects/p/locations/l"}'], {
      address: serving.address,
    });
    expect(started.code).toBe(0);
    const answer = await fetch(`http://${address}/metrics`, { headers: { connection: 'close' } });
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(
      /^longrunning_operation_unfinished\{.*longrunning_method="example\.reports\.v1\.Reports\/ExportReport".*longrunning_state="running".*\} 1$/m,
    );
    expect(text).not.toMatch(/target_info|unknown_service/);
    expect(text).not.toContain(process.execPath);
    expect(text).toMatch(/^rpc_server_call_duration_count\{.*ExportReport".*rpc_status_code="OK"/m);
    expect(text).toMatch(/^longrunning_operation_queue_duration_bucket\{.*le="0\.005"/m);
    expect(text).toMatch(/^longrunning_store_duration_count\{.*longrunning_store_verb="create"/m);
    const closing = { headers: { connection: 'close' } };
    expect((await fetch(`http://${address}/`, closing)).status).toBe(404);
    expect((await fetch(`http://${address}/metrics`, { ...closing, method: 'POST' })).status).toBe(405);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0 });
  });

  it('an unavailable address is a usage error', async () => {
    const running = new Running(['serve', '--address', '127.0.0.1:0', '--metrics', 'nonsense']);
    const { code, stderr } = await running.ended;
    expect(code).toBe(2);
    expect(stderr).toContain('address "nonsense" is malformed');
  });
});

describe('serve › logs', () => {
  /** Makes valid and invalid calls over gRPC and REST, with tokens and bodies that must not be logged. */
  async function callAround({ address }: Serving): Promise<void> {
    const base = `http://${address}`;
    const headers = { authorization: 'Bearer s3cret-token', traceparent, connection: 'close' };
    const ask = (path: string, body?: string, more = {}) =>
      fetch(base + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...headers, ...more },
        body: body ?? null,
      });
    await ask(START, '{"title": "s3cret-body"}', { 'content-type': 'application/json' });
    await ask(START, '{"title": s3cret-body', { 'content-type': 'application/json' });
    await ask(START, '{"s3cret-body": 1}', { 'content-type': 'application/json' });
    await ask('/v1/projects/p/locations/l/operations?filter=s3cret-body');
    await ask('/s3cret-body');
    const grpc = ['--token', 's3cret-token', '--header', 'x-key=s3cret-header'];
    const request = '{"parent": "projects/p/locations/l", "title": "s3cret-body"}';
    await run(['start', 'Reports/ExportReport', request, '--wait', ...grpc], { address });
    await run(['get', 'projects/p/locations/l/operations/none', ...grpc], { address });
  }

  it('by default: no calls, tokens, headers or bodies', async () => {
    const serving = await serve();
    await callAround(serving);
    const { text, lines } = await logged(serving);
    expect(text).not.toContain('s3cret');
    expect(lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^stopping/)]);
  });

  it('--log-level debug: calls and work, with operation, method, attempt and trace; no secrets', async () => {
    const serving = await serve('--log-level', 'debug');
    await callAround(serving);
    const { text, lines } = await logged(serving);
    expect(text).not.toContain('s3cret');
    const start = lines.find(
      ({ method, msg }) => msg === 'call answered' && String(method).endsWith('ExportReport'),
    );
    expect(start).toMatchObject({
      level: 20,
      method: '/example.reports.v1.Reports/ExportReport',
      code: 'OK',
      durationMs: expect.any(Number),
      operation: expect.stringMatching(/^projects\/p\/locations\/l\/operations\//),
      traceId: TRACE_ID,
    });
    const { operation } = start ?? {};
    const work = {
      operation,
      method: '/example.reports.v1.Reports/ExportReport',
      attempt: 1,
      traceId: TRACE_ID,
    };
    expect(lines).toContainEqual(expect.objectContaining({ ...work, msg: 'work started' }));
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'work ended', ending: 'succeeded' }));
    expect(lines).toContainEqual(expect.objectContaining({ code: 'NOT_FOUND', msg: 'call answered' }));
  });

  it('--log-level silent: nothing; an unknown level is a usage error that lists the levels', async () => {
    const serving = await serve('--log-level', 'silent');
    expect((await logged(serving)).text).toBe('');
    const { code, stderr } = await run(['serve', '--log-level', 'loud', '--script', FAULTY_SCRIPT]);
    expect(code).toBe(2);
    expect(stderr).toContain('debug');
  });
});
