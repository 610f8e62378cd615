import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { fuzzRuns } from '../fuzz/fuzz-runs.js';
import { type ServedGateway, serveGateway } from './http-client.js';
import { startThingsServer, type ThingsServer, thingsDescriptors } from './things-server.js';

jest.setTimeout(300_000);

const STATUSES = [200, 204, 400, 404, 405, 408, 413, 414, 415, 431];

describe('gateway › arbitrary input', () => {
  let things: ThingsServer;
  let gateway: ServedGateway;
  const faults: unknown[] = [];
  beforeAll(async () => {
    const descriptors = thingsDescriptors();
    things = await startThingsServer(descriptors);
    // The echoed request of this method is not always a Thing.
    things.answer = ({ method }) => (method === 'UpdateThing' ? new Uint8Array() : undefined);
    const logger = { error: (facts: object) => faults.push(facts) };
    gateway = await serveGateway({ target: things.target, descriptors, logger, limits: { arrivalMs: 300 } });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    things[Symbol.dispose]();
  });

  const alive = async () => expect((await gateway.ask('GET', '/v1/things/a')).status).toBe(200);
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS');
  const piece = fc.constantFrom(
    '/',
    'v1',
    'things',
    'a',
    ':touch',
    '%2F',
    '%2e',
    '..',
    '%',
    '%FF',
    '?',
    '&',
    '=',
    'name',
    'inner.count',
    '$alt',
    '+',
    '*',
    '{',
    '//',
    '#',
  );
  const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/v1/things${pieces.join('')}`);
  const value = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom('{"any":{"@type":"x"}}', '{"extra":{}}', '{"name":1}', '{"inner":{"deeper":[]}}'),
  );

  it('answers any request, with JSON errors in the standard shape, and without internal errors', async () => {
    await fc.assert(
      fc.asyncProperty(method, path, value, async (httpMethod, url, body) => {
        const parts = httpMethod === 'GET' || httpMethod === 'HEAD' ? {} : { body };
        const answer = await gateway.ask(httpMethod, url, parts);
        expect(STATUSES).toContain(answer.status);
        if (answer.status >= 400 && httpMethod !== 'HEAD') {
          expect(answer.json).toMatchObject({ error: { code: answer.status } });
        }
      }),
      fuzzRuns(300),
    );
    expect(faults).toEqual([]);
    await alive();
  });

  it('survives bytes that are not HTTP', async () => {
    const send = (bytes: Uint8Array) =>
      new Promise<void>((resolve) => {
        const socket = connect(gateway.port, '127.0.0.1');
        socket.on('error', () => {}).on('close', () => resolve());
        socket.resume();
        socket.end(bytes);
      });
    const begin = fc.constantFrom(
      '',
      'GET /v1/things/a HTTP/1.1\r\n',
      'POST /v1/things HTTP/1.1\r\ncontent-length: 9\r\n\r\n',
      'POST /v1/things HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    await fc.assert(
      fc.asyncProperty(begin, fc.uint8Array({ maxLength: 200 }), (text, bytes) =>
        send(Buffer.concat([Buffer.from(text), bytes])),
      ),
      fuzzRuns(100),
    );
    expect(faults).toEqual([]);
    await alive();
  });
});
