import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import fastify from 'fastify';
import { createGateway, type Gateway } from '../../../src/gateway/index.js';
import { asking } from '../http-client.js';
import { servedThings, WAYS } from '../served-things.js';

const [, serveOverChannel] = WAYS[0] ?? [];
if (!serveOverChannel) throw new Error('there is no way to serve');

describe('gateway › in a web framework', () => {
  const served = servedThings(serveOverChannel);
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const gateway = (): Gateway => {
    const made = createGateway({ server: served.things.server, descriptors: served.descriptors });
    closing.push(() => made.close());
    return made;
  };

  const listen = async (app: Express) => {
    const server: Server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(
      () => server.closeAllConnections(),
      () => new Promise((resolve) => server.close(resolve)),
    );
    return asking((server.address() as { port: number }).port);
  };

  const create = { body: { name: 'things/a', big: '9007199254740993' } };

  it('Express', async () => {
    const app = await listen(express().use(gateway()));
    expect((await app.ask('GET', '/v1/things/a')).json).toEqual({ name: 'things/a' });
    expect((await app.ask('POST', '/v1/things', create)).json).toMatchObject(create.body);
  });

  it('Express, with bodies that are already parsed', async () => {
    const app = await listen(express().use(express.json()).use(gateway()));
    expect((await app.ask('POST', '/v1/things', create)).json).toMatchObject(create.body);
    expect((await app.ask('POST', '/v1/things/a:touch')).status).toBe(200);
  });

  it('Express, mounted under a path', async () => {
    const app = await listen(express().use('/api', gateway()));
    expect((await app.ask('GET', '/api/v1/things/a%2Fb')).json).toEqual({ name: 'things/a%2Fb' });
    const elsewhere = 'GET /v1/things/a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    expect(await app.raw(elsewhere)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('middleware that logs responses reads their headers and adds some', async () => {
    const seen: unknown[] = [];
    const listener = gateway();
    const app = await listen(
      express()
        .disable('x-powered-by')
        .use((request, response) => {
          response.once('finish', () => seen.push(response.statusCode, response.getHeaders()));
          if (request.method === 'POST') response.setHeader('X-Served-By', 'a');
          listener(request, response);
        }),
    );
    const { text } = await app.ask('GET', '/v1/things/a');
    const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': text.length };
    expect(seen.splice(0)).toEqual([200, expect.objectContaining(headers)]);
    const created = await app.ask('POST', '/v1/things', create);
    expect(created.headers).toMatchObject({ 'x-served-by': 'a', 'content-type': headers['content-type'] });
  });

  it('Fastify, as documented', async () => {
    const app = fastify();
    const listener = gateway();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    app.all('/*', (request, reply) => {
      reply.hijack();
      listener(request.raw, reply.raw);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    closing.push(() => app.close());
    const { ask } = asking((app.server.address() as { port: number }).port);
    expect((await ask('GET', '/v1/things/a')).json).toEqual({ name: 'things/a' });
    expect((await ask('POST', '/v1/things', create)).json).toMatchObject(create.body);
    expect((await ask('POST', '/v1/things/a:touch')).status).toBe(200);
  });
});
