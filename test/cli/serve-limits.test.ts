import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { frame, rawGrpc } from '../helpers/raw-grpc.js';
import { run, Serving } from './command-line.js';

jest.setTimeout(300_000);

const EXPORT = ['start', 'Reports/ExportReport', '{"parent": "projects/p/locations/l"}'];

describe('serve with limits', () => {
  const opened = closeAfterEach();

  it('at most one operation: the next start fails with RESOURCE_EXHAUSTED until the first has ended', async () => {
    const limits = ['--max-unfinished', '1', '--max-running', '1', '--max-waits-per-caller', '1'];
    const { address } = opened(await Serving.start([...limits, '--rate-per-second', '10000']));
    expect((await run(EXPORT, { address })).code).toBe(0);
    const { code, stderr } = await run(EXPORT, { address });
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(/RESOURCE_EXHAUSTED.*1 operations queued or running.*try again/),
    ]);
    const { stdout } = await run(['list', 'projects/p/locations/l', '--json'], { address });
    await run(['cancel', '--wait', JSON.parse(stdout.split('\n')[0] ?? '').name], { address });
    expect((await run(EXPORT, { address })).code).toBe(0);
  });

  it('at most one connection: a second is closed, and accepted after the first is gone', async () => {
    const { address } = opened(await Serving.start(['--max-connections', '1']));
    const [host, port] = address.split(':');
    const first = connect(Number(port), host);
    await once(first, 'connect');
    await expect(fetch(`http://${address}/healthz`)).rejects.toThrow();
    first.destroy();
    const healthy = () =>
      fetch(`http://${address}/healthz`).then(
        ({ status }) => status,
        () => 0,
      );
    while ((await healthy()) !== 200);
  });

  it('pages of at most one byte: one operation each', async () => {
    const { address } = opened(await Serving.start(['--max-page-bytes', '1']));
    await run(EXPORT, { address });
    await run(EXPORT, { address });
    const { stdout, stderr } = await run(['list', 'projects/p/locations/l', '--json'], { address });
    expect([stdout.trimEnd().split('\n').length, stderr]).toEqual([1, expect.stringContaining('--all')]);
  });

  it('results of at most ten bytes: larger metadata is rejected', async () => {
    const { address } = opened(await Serving.start(['--max-result-bytes', '10']));
    const { code, stderr } = await run(EXPORT, { address });
    const refused = /RESOURCE_EXHAUSTED.*metadata of \d+ bytes is larger than maxResultBytes \(10\)/;
    expect([code, stderr]).toEqual([5, expect.stringMatching(refused)]);
  });

  it('requests that arrive too slowly are ended, over gRPC and REST', async () => {
    const { address } = opened(await Serving.start(['--arrival', '200ms']));
    const [host, port] = address.split(':');
    const rest = connect(Number(port), host);
    rest.write('POST /v1/operations/a:cancel HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n');
    const [answer] = await once(rest, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 408 /);
    rest.destroy();
    const raw = rawGrpc(address);
    const stream = raw.open('/google.longrunning.Operations/GetOperation');
    const [headers] = await once(stream, 'response');
    expect(headers['grpc-status']).toBe('4');
    raw.session.destroy();
  });

  it('requests larger than the memory limit: RESOURCE_EXHAUSTED, over gRPC and REST', async () => {
    const limits = ['--max-connection-bytes', '100000', '--max-process-bytes', '1000000'];
    const { address } = opened(await Serving.start(limits));
    const body = JSON.stringify({ name: 'x'.repeat(200_000) });
    const { status } = await fetch(`http://${address}/v1/operations/a:cancel`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(status).toBe(429);
    const raw = rawGrpc(address);
    const path = '/google.longrunning.Operations/GetOperation';
    const { grpcStatus } = await raw.call(path, frame(Buffer.alloc(200_000)));
    expect(grpcStatus).toBe(8);
    raw.session.destroy();
  });

  it.each([
    '--max-running',
    '--max-unfinished',
    '--max-calls-per-caller',
    '--max-waits-per-caller',
    '--rate-per-second',
    '--refusals-per-second',
    '--max-connections',
    '--max-page-bytes',
    '--max-result-bytes',
    '--max-connection-bytes',
    '--max-process-bytes',
  ])('rejects %s 0', async (flag) => {
    const { code, stderr } = await run(['serve', flag, '0']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Write a whole number, 1 or more')]);
  });

  it.each([
    ['--arrival', '0'],
    ['--arrival', '200 ms'],
    ['--grace', '1d'],
    ['--drain-delay', 'soon'],
  ])('rejects %s %s', async (flag, value) => {
    const { code, stderr } = await run(['serve', flag, value]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('Write it with its unit, as 500ms, 30s, 2m or 1h'),
    ]);
  });
});
