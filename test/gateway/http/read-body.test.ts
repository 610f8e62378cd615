import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createGateway } from '../../../src/gateway/index.js';

const PATH = '/v1/operations/7:cancel';

describe('a body that was read before the gateway', () => {
  /** Log output and response status if middleware reads the body first. */
  async function answerAfter(read: (request: IncomingMessage) => Promise<unknown>, body: string | null) {
    const logged: string[] = [];
    const logger = { error: ({ err }: { err?: unknown }) => logged.push(String(err)) };
    // Nothing listens there: forwarded requests are answered with 503.
    await using gateway = createGateway({ target: 'localhost:1', logger });
    const server = createServer(async (request, response) => {
      await read(request);
      gateway(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const { status } = await fetch(`http://127.0.0.1:${port}${PATH}`, { method: 'POST', headers, body });
    await new Promise((resolve) => server.close(resolve));
    return { status, logged };
  }

  it('is rejected if its content is lost, and the log says what to do', async () => {
    const { status, logged } = await answerAfter((request) => request.toArray(), '{"name": "operations/8"}');
    expect([status, logged]).toEqual([500, [expect.stringMatching(/^TypeError: body was read before/)]]);
  });

  it('is taken from `body` if it is there', async () => {
    const read = async (request: IncomingMessage) => {
      const chunks = await request.toArray();
      Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString()) });
    };
    expect(await answerAfter(read, '{}')).toEqual({ status: 503, logged: [] });
    expect(await answerAfter(read, '{"name": "operations/8"}')).toEqual({ status: 400, logged: [] });
  });

  it('is irrelevant for requests without one', async () => {
    expect(await answerAfter((request) => request.toArray(), null)).toEqual({ status: 503, logged: [] });
  });
});
