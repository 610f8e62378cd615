import { once } from 'node:events';
import { connect } from 'node:net';
import { Server } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { OperationsClient } from 'longrunning';
import { Code } from '../../src/core/status.js';
import { servePort } from '../../src/gateway/index.js';
import { createOperations, grpcLimits, OperationsService } from '../../src/server/index.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { rawGrpc } from '../helpers/raw-grpc.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** The header of a PING that wants an answer: eight bytes, of no stream. */
const PING = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]);

describe('grpcLimits', () => {
  const opened = closeAfterEach();

  async function serve(more: object = {}) {
    const server = new Server({ ...grpcLimits(), ...more });
    const operations = createOperations({ methods: [] });
    server.addService(OperationsService, operations.handlers);
    const port = await servePort({ server, address: '127.0.0.1:0' });
    opened({
      async [Symbol.asyncDispose]() {
        await operations.close({ graceMs: 0 });
        await port.close({ graceMs: 0 });
        server.forceShutdown();
      },
    });
    const client = () => opened(new OperationsClient({ address: port.address }));
    const goesOn = async () => {
      const answer = await client().listOperations({ name: '' });
      expect(answer.operations).toEqual([]);
    };
    return { port, client, goesOn };
  }

  it('announces the maximum number of concurrent calls per connection', async () => {
    const { port, goesOn } = await serve();
    await using raw = rawGrpc(port.address);
    const settings = await new Promise<{ maxConcurrentStreams?: number }>((resolve) =>
      raw.session.once('remoteSettings', resolve),
    );
    expect(settings.maxConcurrentStreams).toBe(1000);
    await goesOn();
  });

  it('a message of more than 4 MiB: RESOURCE_EXHAUSTED; other calls continue', async () => {
    const { client, goesOn } = await serve();
    const big = client().listOperations({ name: '', filter: 'x'.repeat(4 * 1024 * 1024) });
    await expect(big).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    await goesOn();
  });

  it('metadata of more than 64 KiB: the call fails; other calls continue', async () => {
    const { client, goesOn } = await serve();
    const headers = { 'x-goog-long': 'x'.repeat(100_000) };
    await expect(client().listOperations({ name: '' }, { headers, timeoutMs: 5000 })).rejects.toThrow();
    await goesOn();
  });

  it('a connection without calls is closed; the next call opens a new one', async () => {
    const { port, goesOn } = await serve({ 'grpc.max_connection_idle_ms': 100 });
    await using raw = rawGrpc(port.address);
    await new Promise((resolve) => raw.session.once('goaway', resolve));
    await goesOn();
  });

  it('a connection whose client does not answer a ping is closed; others continue', async () => {
    const { port, goesOn } = await serve({
      'grpc.keepalive_time_ms': 50,
      'grpc.keepalive_timeout_ms': 50,
    });
    const silent = connect(port.port, '127.0.0.1');
    silent.on('error', () => {});
    silent.write(Buffer.concat([PREFACE, EMPTY_SETTINGS]));
    const received: Buffer[] = [];
    silent.on('data', (data: Buffer) => received.push(data));
    await once(silent, 'close');
    expect(Buffer.concat(received).includes(PING)).toBe(true);
    await goesOn();
  });
});
