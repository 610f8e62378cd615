import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { heldBytes } from '../../../src/core/held-memory.js';
import { head, statuses } from '../http-text.js';
import { servedThings, WAYS } from '../served-things.js';

const MIB = 2 ** 20;
const GET = head('GET /v1/things/a');
const POST = head('POST /v1/things', 'content-type: application/json', `content-length: ${4 * MIB}`);

describe.each(WAYS)('gateway %s › memory for pending requests', (_, serve) => {
  const served = servedThings(serve);

  /** Sends bytes and keeps the connection open, optionally without reading. */
  function dial(port: number, bytes: string | Buffer, { reads = true } = {}) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    const received = { text: '', closed: false };
    if (reads) {
      socket.on('data', (chunk) => {
        received.text += chunk;
      });
    } else socket.pause();
    socket.on('close', () => {
      received.closed = true;
    });
    socket.write(bytes);
    return { socket, received };
  }

  it('incomplete bodies: 429 for the largest once all connections exceed the limit', async () => {
    await using bounded = await served.serve({ limits: { processBytes: 8 * MIB } });
    const connections = [4, 3, 3, 3, 1].map((mebibytes) =>
      dial(bounded.port, Buffer.concat([Buffer.from(POST), Buffer.alloc(mebibytes * MIB - 1, ' ')])),
    );
    await until(() => connections.filter(({ received }) => received.text !== '').length >= 2);
    expect(heldBytes()).toBeLessThanOrEqual(9 * MIB);
    for (const { received } of connections.filter(({ received }) => received.text !== '')) {
      expect(received.text).toMatch(/^HTTP\/1.1 429 [\s\S]*retry-after: 1\r\n[\s\S]*RESOURCE_EXHAUSTED/i);
    }
    expect(connections.at(-1)?.received.text).toBe('');
    expect((await bounded.ask('GET', '/v1/things/a')).status).toBe(200);
    for (const { socket } of connections) socket.destroy();
    await until(() => heldBytes() === 0);
  });

  it('counts the actual memory of a body in one-byte chunks', async () => {
    await using bounded = await served.serve({ limits: { connectionBytes: MIB } });
    const begin = head('POST /v1/things', 'content-type: application/json', 'transfer-encoding: chunked');
    const { socket, received } = dial(bounded.port, begin + '1\r\n \r\n'.repeat(100_000));
    await until(() => received.text !== '');
    expect(statuses(received.text)).toEqual([429]);
    socket.destroy();
  });

  it('unread responses: closes the connection and serves others', async () => {
    await using bounded = await served.serve({ limits: { connectionBytes: 8 * MIB } });
    const large = 'a'.repeat(2 * MIB);
    served.things.answer = ({ request }) => {
      const isLarge = (request as { name?: string }).name === 'things/large';
      return isLarge
        ? Buffer.concat([Buffer.from([10, 0x80, 0x80, 0x80, 1]), Buffer.from(large)])
        : undefined;
    };
    const before = served.things.calls.length;
    const { socket, received } = dial(bounded.port, head('GET /v1/things/large').repeat(40), {
      reads: false,
    });
    let most = 0;
    await until(() => {
      most = Math.max(most, heldBytes());
      return served.things.calls.length === before + 40;
    });
    expect((await bounded.ask('GET', '/v1/things/a')).status).toBe(200);
    let taken = 0;
    socket.on('data', (chunk: Buffer) => {
      taken += chunk.length;
    });
    socket.resume();
    await until(() => received.closed);
    expect(taken).toBeLessThan(40 * 2 * MIB);
    expect(most).toBeLessThanOrEqual(9 * MIB);
    await until(() => heldBytes() === 0);
  });

  it('does not keep a body in memory while its request is served', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const inUse = () => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
    served.things.answer = () => ended;
    const before = { bytes: inUse(), calls: served.things.calls.length };
    const bodies = Buffer.concat([Buffer.from(POST), Buffer.alloc(4 * MIB - 2, ' '), Buffer.from('{}')]);
    const connections = Array.from({ length: 10 }, () => dial(served.gateway.port, bodies));
    await until(() => served.things.calls.length === before.calls + connections.length);
    await until(() => inUse() < before.bytes + 20 * MIB);
    expect(connections.map(({ received }) => received.text)).toEqual(connections.map(() => ''));
    end(undefined);
    await until(() => connections.every(({ received }) => statuses(received.text)[0] === 200));
    for (const { socket } of connections) socket.destroy();
  });

  it('more concurrent requests on a connection than allowed: 429 after the earlier responses', async () => {
    const { socket, received } = dial(served.gateway.port, GET.repeat(500));
    await until(() => received.closed);
    const answers = statuses(received.text);
    expect(answers.at(-1)).toBe(429);
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.slice(0, -1)).toEqual(answers.slice(0, -1).map(() => 200));
    socket.destroy();
  });

  it('answers more consecutive requests than that', async () => {
    const { socket, received } = dial(served.gateway.port, GET);
    for (let sent = 1; sent < 200; sent++) {
      await until(() => received.text.split('HTTP/1.1 200').length > sent);
      socket.write(GET);
    }
    await until(() => statuses(received.text).length === 200);
    expect(new Set(statuses(received.text))).toEqual(new Set([200]));
    socket.destroy();
  });
});

/** @throws Error if the condition does not become true within the time that a busy machine may need. */
async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`not so: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
