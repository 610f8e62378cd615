import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fuzzRuns } from '../../fuzz/fuzz-runs.js';
import { head, statuses } from '../http-text.js';
import { servedThings, WAYS } from '../served-things.js';

const CHUNKED = head('POST /v1/things', 'content-type: application/json', 'transfer-encoding: chunked');
/** Well below the arrival timeout of 30 s, and long enough for a busy machine. */
const AT_ONCE_MS = 10_000;

describe.each(WAYS)('gateway %s › malformed chunked encoding', (_, serve) => {
  const served = servedThings(serve);

  /** Status of the response to bytes after which the client sends nothing, not even the end. */
  function answerTo(
    text: string | Buffer,
    { thenEnd = false } = {},
  ): Promise<{ status: number; text: string }> {
    const socket = connect({ port: served.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    return new Promise((resolve, reject) => {
      let received = '';
      const tooLate = setTimeout(
        () => reject(new Error(`no answer but ${JSON.stringify(received)}`)),
        AT_ONCE_MS,
      );
      const settle = () => {
        clearTimeout(tooLate);
        socket.destroy();
        resolve({ status: statuses(received)[0] ?? 0, text: received });
      };
      socket.on('data', (chunk) => {
        received += chunk;
        if (/\r\n\r\n[\s\S]*\}$/.test(received)) settle();
      });
      socket.on('end', settle).on('close', settle);
      socket.write(text);
      if (thenEnd) socket.end();
    });
  }

  it.each([
    ['a size of 0x2', '0x2\r\n{}\r\n0\r\n\r\n'],
    ['a size of -1', '-1\r\n{}\r\n0\r\n\r\n'],
    ['a size of +2', '+2\r\n{}\r\n0\r\n\r\n'],
    ['a size with a space before it', ' 2\r\n{}\r\n0\r\n\r\n'],
    ['a size with an underscore', '1_0\r\n{}\r\n0\r\n\r\n'],
    ['a size that is no number', 'two\r\n{}\r\n0\r\n\r\n'],
    ['no size', '\r\n{}\r\n0\r\n\r\n'],
    ['a size of more than 64 bits', `${'F'.repeat(17)}\r\n{}`],
    ['a chunk that is longer than its size', '1\r\n{}\r\n0\r\n\r\n'],
    ['a chunk without its end of line', '2\r\n{}0\r\n\r\n'],
    ['bytes that are not a chunk after a valid one', '2\r\n{}\r\nnonsense'],
    ['a chunk extension of 20 KB', `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
    ['a chunk extension without an end', `2;x=${'y'.repeat(200_000)}`],
    ['a control character in a chunk extension', '2;\0\r\n{}\r\n0\r\n\r\n'],
    ['a trailer of 200 KB', `2\r\n{}\r\n0\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`],
    ['20,000 trailers', `2\r\n{}\r\n0\r\n${'x: y\r\n'.repeat(20_000)}\r\n`],
    ['a malformed trailer', '2\r\n{}\r\n0\r\nno colon\r\n\r\n'],
  ])('%s: 400 at once', async (__, body) => {
    const answer = await answerTo(CHUNKED + body);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/\r\nconnection: close\r\n[\s\S]*"error":\{"code":400,/i);
    expect((await served.gateway.ask('GET', '/v1/things/a')).status).toBe(200);
  });

  it.each([
    'xchunked',
    'identity',
    'gzip',
    'chunked, identity',
    'chunked, gzip',
    '"chunked"',
    'chunked;q=1',
    '\x0bchunked',
  ])('transfer-encoding %j: rejected at once', async (encoding) => {
    const sent = head('POST /v1/things', 'content-type: application/json', `transfer-encoding: ${encoding}`);
    expect([400, 415]).toContain((await answerTo(`${sent}2\r\n{}\r\n0\r\n\r\n`)).status);
    expect([400, 415]).toContain((await answerTo(sent)).status);
  });

  it('transfer-encoding xchunked: 400', async () => {
    const sent = head('POST /v1/things', 'content-type: application/json', 'transfer-encoding: xchunked');
    expect((await answerTo(`${sent}2\r\n{}\r\n0\r\n\r\n`)).status).toBe(400);
  });

  it.each([
    ['a chunked body', `${CHUNKED}2\r\n{`],
    ['the size of a chunk', `${CHUNKED}2`],
    ['the trailers', `${CHUNKED}2\r\n{}\r\n0\r\nx: y`],
    ['a chunked body before it begins', CHUNKED],
    [
      'a body of known length',
      `${head('POST /v1/things', 'content-type: application/json', 'content-length: 9')}{`,
    ],
    ['a body of known length before it begins', head('POST /v1/things', 'content-length: 9')],
  ])('the client ends its side inside %s: 400 at once', async (__, text) => {
    expect((await answerTo(text, { thenEnd: true })).status).toBe(400);
  });

  it('sends pending answers before the rejection', async () => {
    const get = head('GET /v1/things/a');
    const text = await served.gateway.raw(`${get}${CHUNKED}0x2\r\n{}\r\n0\r\n\r\n`);
    expect(statuses(text)).toEqual([200, 400]);
  });

  it('answers at once however a chunked body is malformed', async () => {
    const whole = '2;a=b\r\n{"\r\n9\r\nname":"a"\r\n1\r\n}\r\n0\r\nx: y\r\n\r\n';
    const change = fc.record({
      at: fc.nat({ max: whole.length }),
      removed: fc.nat({ max: 4 }),
      added: fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('\r', '\n', '\r\n', '-', '0x', ';', '\0')),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const broken = changes.reduce(
          (text, { at, removed, added }) => text.slice(0, at) + added + text.slice(at + removed),
          whole,
        );
        const { status } = await answerTo(CHUNKED + broken, { thenEnd: true });
        // Node closes the connection of a client that has ended its side (0), even after a valid request.
        expect([0, 200, 400, 431]).toContain(status);
      }),
      fuzzRuns(60),
    );
  });
});
