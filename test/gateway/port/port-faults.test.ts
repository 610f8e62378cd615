import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '../../../src/core/logger.js';
import { createGateway, type Gateway, servePort } from '../../../src/gateway/index.js';
import { Listening } from '../../../src/gateway/port/listening.js';
import { processFaults } from '../../helpers/process-faults.js';
import { asking } from '../http-client.js';
import { thingsDescriptors } from '../things-server.js';

const GET = ['GET', '/v1/things/a'] as const;

describe('failures of a port', () => {
  it('reports an address that cannot be listened on if another one can', async () => {
    const failures: unknown[] = [];
    const place = { host: '127.0.0.1', port: 0 };
    // Both use the port that the first one was given.
    const listening = await Listening.at(
      [place, place],
      () => createServer(),
      (error, { host }) => failures.push({ error, host }),
    );
    await listening.close();
    expect(failures).toEqual([{ error: expect.objectContaining({ code: 'EADDRINUSE' }), host: '127.0.0.1' }]);
  });

  it('rejects with the first failure if no address can be listened on', async () => {
    const failures: unknown[] = [];
    const places = [{ path: '/nowhere/a.sock' }, { path: '/nowhere/b.sock' }];
    const listening = Listening.at(
      places,
      () => createServer(),
      (error) => failures.push(error),
    );
    await expect(listening).rejects.toThrow('/nowhere/a.sock');
    expect(failures).toEqual([]);
  });

  it('reports connections that cannot be accepted, and continues to listen', async () => {
    const failures: unknown[] = [];
    const servers: Server[] = [];
    const create = () => {
      const server = createServer();
      servers.push(server);
      return server;
    };
    const listening = await Listening.at([{ host: '127.0.0.1', port: 0 }], create, (error) =>
      failures.push(error),
    );
    const exhausted = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    // Node emits this error if the process has no file descriptors left.
    servers[0]?.emit('error', exhausted);
    expect(servers[0]?.listening).toBe(true);
    await listening.close();
    expect(failures).toEqual([exhausted]);
  });

  it.each(['throws', 'rejects'])('answers 500 if middleware %s', async (way) => {
    using faults = processFaults();
    await using gateway = gatewayOf();
    const logged: unknown[] = [];
    const failure = new Error('middleware');
    const wrapped = Object.assign(
      () => {
        if (way === 'throws') throw failure;
        return Promise.reject(failure);
      },
      { ...gateway, [Symbol.asyncDispose]: async () => {} },
    ) as unknown as Gateway;
    const logger = { error: (facts: object) => logged.push(facts) };
    await using port = await servePort({ gateway: wrapped, address: '127.0.0.1:0', logger });
    expect((await asking(port.port).ask(...GET)).status).toBe(500);
    expect(await faults.take()).toEqual([]);
    expect(logged).toEqual([{ err: failure }]);
  });

  it('closes the connection and logs if middleware breaks the response', async () => {
    using faults = processFaults();
    const logged: { err?: unknown }[] = [];
    await using gateway = gatewayOf({ error: (facts: object) => logged.push(facts) });
    const failure = new Error('middleware');
    const server = createHttpServer((request: IncomingMessage, response: ServerResponse) => {
      response.end = () => {
        throw failure;
      };
      gateway(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(asking(port).ask(...GET)).rejects.toThrow();
    await new Promise((resolve) => server.close(resolve));
    expect(await faults.take()).toEqual([]);
    expect(logged.map(({ err }) => err)).toContain(failure);
  });

  it.each([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('answers if the logger of the gateway %s', async (_, error) => {
    using faults = processFaults();
    using _reported = jest.spyOn(console, 'error').mockImplementation(() => {});
    await using gateway = gatewayOf({ error });
    // Middleware that discards the body is a bug, which is logged.
    const server = createHttpServer(async (request, response) => {
      for await (const _ of request);
      gateway(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const answer = await asking(port).ask('PATCH', '/v1/things/a', { body: {} });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect({ status: answer.status, json: answer.json }).toMatchObject({
      status: 500,
      json: { error: { details: [{ reason: 'INTERNAL_ERROR' }] } },
    });
    expect(await faults.take()).toEqual([]);
  });
});

function fail(): never {
  throw new Error('log');
}

function gatewayOf(logger?: Logger): Gateway {
  // Nothing listens there.
  return createGateway({
    target: '127.0.0.1:1',
    descriptors: thingsDescriptors(),
    ...(logger && { logger }),
  });
}
