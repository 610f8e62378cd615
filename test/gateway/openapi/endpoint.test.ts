import { afterEach, describe, expect, it } from '@jest/globals';
import type { GatewaySettings } from '../../../src/gateway/gateway.js';
import { openApiDocument } from '../../../src/gateway/openapi/document.js';
import { type ServedGateway, serveGateway } from '../http-client.js';

const ruleFor = (rule: string) => ({
  file: 'service.yaml',
  text: `http: { rules: [{ selector: google.longrunning.Operations.GetOperation, ${rule} }] }`,
});

describe('GET /openapi.json', () => {
  const opened: ServedGateway[] = [];
  afterEach(async () => {
    for (const gateway of opened.splice(0)) await gateway[Symbol.asyncDispose]();
  });
  /** Nothing listens at its target, because the document needs no server. */
  const serve = async (settings: GatewaySettings = {}) => {
    const gateway = await serveGateway({ target: 'localhost:1', ...settings });
    opened.push(gateway);
    return gateway;
  };

  it('serves the document, with or without settings', async () => {
    const answer = await (await serve()).ask('GET', '/openapi.json');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(answer.json).toEqual(openApiDocument());
    const titled = await (await serve({ openApi: { title: 'Jobs' } })).ask('GET', '/openapi.json?a=b');
    expect(titled.json).toEqual(openApiDocument({ title: 'Jobs' }));
  });

  it('HEAD is the same without the body; OPTIONS and 405 list the allowed methods', async () => {
    const gateway = await serve();
    const { length } = (await gateway.ask('GET', '/openapi.json')).text;
    const head = await gateway.ask('HEAD', '/openapi.json');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThanOrEqual(length);
    const options = await gateway.ask('OPTIONS', '/openapi.json');
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const post = await gateway.ask('POST', '/openapi.json', { body: {} });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('echoes the request id, and follows the CORS settings of the gateway', async () => {
    const gateway = await serve({ cors: { origins: ['https://docs.example'] } });
    const headers = { origin: 'https://docs.example', 'x-request-id': '7' };
    const answer = await gateway.ask('GET', '/openapi.json', { headers });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://docs.example',
      'x-request-id': '7',
    });
    const preflight = { ...headers, 'access-control-request-method': 'GET' };
    const allowed = await gateway.ask('OPTIONS', '/openapi.json', { headers: preflight });
    expect([allowed.status, allowed.headers['access-control-allow-methods']]).toEqual([
      204,
      expect.stringContaining('GET'),
    ]);
  });

  it('gives precedence to a rule for that path', async () => {
    const gateway = await serve({ serviceConfig: ruleFor('get: "/{name}"') });
    // The rule forwards the call, and nothing listens.
    expect((await gateway.ask('GET', '/openapi.json')).status).toBe(503);
  });

  it('coexists with a rule for that path and another method', async () => {
    const gateway = await serve({ serviceConfig: ruleFor('post: "/{name}", body: "*"') });
    expect((await gateway.ask('GET', '/openapi.json')).json).toMatchObject({ openapi: '3.1.1' });
    expect((await gateway.ask('POST', '/openapi.json', { body: {} })).status).toBe(503);
    const put = await gateway.ask('PUT', '/openapi.json', { body: {} });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
  });

  it('does not exist when off, nor under other spellings', async () => {
    expect((await (await serve({ openApi: 'off' })).ask('GET', '/openapi.json')).status).toBe(404);
    const gateway = await serve();
    for (const path of [
      '/openapi.json/',
      '//openapi.json',
      '/OpenAPI.json',
      '/openapi%2Ejson',
      '/x/openapi.json',
    ]) {
      expect([path, (await gateway.ask('GET', path)).status]).toEqual([path, 404]);
    }
  });
});
