import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { head, statuses } from '../http-text.js';
import { servedThings, WAYS } from '../served-things.js';

describe.each(WAYS)('gateway %s › connections', (_, serve) => {
  const served = servedThings(serve);

  it('serve consecutive requests, also after an error whose body was not read', async () => {
    const requests = [
      head('GET /v1/things/a'),
      `${head('POST /nothing', 'content-length: 5')}abcde`,
      `${head('POST /v1/things', 'content-length: 12')}{"name":"x"}`,
      head('GET /v1/things/b', 'connection: close'),
    ];
    expect(statuses(await served.gateway.raw(requests.join('')))).toEqual([200, 404, 200, 200]);
  });

  it('answer pipelined requests in order', async () => {
    const waiting: (() => void)[] = [];
    served.things.answer = () => new Promise((resolve) => waiting.unshift(() => resolve(undefined)));
    const paths = Array.from({ length: 20 }, (_, index) => `/v1/things/${index}`);
    const last = paths.length - 1;
    const sent = paths.map((path, index) =>
      head(`GET ${path}`, ...(index === last ? ['connection: close'] : [])),
    );
    const answer = served.gateway.raw(sent.join(''));
    await until(() => waiting.length === paths.length);
    for (const finish of waiting) finish();
    expect(Array.from((await answer).matchAll(/"things\/(\d+)"/g), ([, id]) => Number(id))).toEqual(
      paths.map((_, index) => index),
    );
  });

  it.each([
    ['a request that is not HTTP', 'nonsense\r\n\r\n', 400],
    ['a body of two lengths', head('POST /v1/things', 'content-length: 2', 'content-length: 3'), 400],
    ['a long request that is not HTTP', '\0nonsense\r\n\r\n'.repeat(20_000), 400],
    ['headers that are too long', head('GET /v1/things/c', `x: ${'a'.repeat(100_000)}`), 431],
  ])('answer %s after the requests before it', async (_, bytes, status) => {
    const waiting: (() => void)[] = [];
    served.things.answer = () => new Promise((resolve) => waiting.unshift(() => resolve(undefined)));
    const answer = served.gateway.raw(head('GET /v1/things/a') + head('GET /v1/things/b') + bytes);
    await until(() => waiting.length === 2);
    // A response that did not wait would come before this one.
    await served.gateway.ask('GET', '/nothing');
    for (const finish of waiting) finish();
    const text = await answer;
    expect(statuses(text)).toEqual([200, 200, status]);
    expect(text).toContain(`{"error":{"code":${status},`);
  });

  it('cancel the calls of all their requests when they close', async () => {
    served.things.answer = () => new Promise(() => {});
    const before = served.things.calls.length;
    const socket = connect(served.gateway.port, '127.0.0.1');
    socket.write(head('GET /v1/things/a').repeat(3));
    await until(() => served.things.calls.length === before + 3);
    const cancelled = served.things.calls
      .slice(before)
      .map(({ call }) => new Promise((resolve) => call.once('cancelled', resolve)));
    socket.destroy();
    await Promise.all(cancelled);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
