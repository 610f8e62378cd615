import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it, jest } from '@jest/globals';
import { OperationsClient } from 'longrunning';
import {
  HealthCheckResponse_ServingStatus as Health,
  HealthClient,
} from '../../generated/health/v1/health.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { run, Serving } from './command-line.js';

jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/l';
const EXPORT = ['start', 'Reports/ExportReport', JSON.stringify({ parent: PARENT }), '--json'];
const STOPPING = /stopping; a second signal/;

/** Answer of a server to an HTTP probe. */
function status(address: string, path: string, agent: Agent | false = false): Promise<number | undefined> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    get({ host, port, path, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    }).once('error', reject);
  });
}

describe('serve › stopping', () => {
  const opened = closeAfterEach();

  async function serve(...args: string[]) {
    const serving = opened(await Serving.start(args));
    const client = new OperationsClient({ address: serving.address });
    opened({ [Symbol.asyncDispose]: async () => client.close() });
    return { serving, client };
  }

  it('idle, slow, watching and waiting clients do not delay the exit', async () => {
    const { serving, client } = await serve('--grace', '300ms');
    const [host = '', port] = serving.address.split(':');
    const { stdout } = await run(EXPORT, { address: serving.address });
    const { name } = JSON.parse(stdout);
    const keepAlive = new Agent({ keepAlive: true });
    expect(await status(serving.address, '/healthz', keepAlive)).toBe(200);
    const slowBody = connect(Number(port), host).on('error', () => {});
    slowBody.write(`POST /v1/${name}:cancel HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{`);
    const silent = connect(Number(port), host).on('error', () => {});
    await Promise.all([once(slowBody, 'connect'), once(silent, 'connect')]);
    const health = new HealthClient(serving.address, credentials.createInsecure());
    const watch = health.watch({ service: '' }).on('error', () => {});
    await once(watch, 'data');
    const waited = client.waitOperation({ name, timeout: { seconds: 60, nanos: 0 } });
    // The wait reaches the server before the signal, although both use different connections.
    await client.getOperation({ name });
    serving.child.kill('SIGTERM');
    const [{ status: last }] = await once(watch, 'data');
    expect(last).toBe(Health.NOT_SERVING);
    expect(await waited.catch((error) => error)).toMatchObject({ name });
    expect(await serving.ended).toMatchObject({ code: 0, signal: null });
    slowBody.destroy();
    silent.destroy();
    keepAlive.destroy();
    health.close();
  });

  it('--drain-delay: reports NOT_SERVING and accepts calls; then rejects starts', async () => {
    const { serving, client } = await serve('--drain-delay', '2.5s', '--grace', '1m');
    const { address } = serving;
    expect(await status(address, '/readyz')).toBe(200);
    serving.child.kill('SIGTERM');
    await serving.line(STOPPING, 'stderr');
    expect([await status(address, '/readyz'), await status(address, '/healthz')]).toEqual([503, 200]);
    const { stdout, code } = await run(EXPORT, { address });
    expect(code).toBe(0);
    const { name } = JSON.parse(stdout);
    const outcome = await client.waitOperation({ name, timeout: { seconds: 60, nanos: 0 } });
    expect(outcome.name).toBe(name);
    const refused = await untilRefused(address);
    expect(refused).toMatchObject({ error: { code: 503, status: 'UNAVAILABLE' } });
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 143 });
  });
});

/** Starts operations by REST until one is refused, and resolves to the refusal. */
async function untilRefused(address: string): Promise<unknown> {
  for (;;) {
    const response = await fetch(`http://${address}/v1/${PARENT}/reports:export`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{}',
    });
    const answer = await response.json();
    if (response.status === 200) continue;
    expect(response.headers.get('retry-after')).toBe('1');
    return answer;
  }
}
