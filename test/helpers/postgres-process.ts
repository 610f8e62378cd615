// Started by jest.config.js for a whole run. `GET /` returns the address of the shared PostgreSQL and starts it
// on the first request. `POST /start` starts one for a single test, which restarts and stops it by number. This
// process ends with the run, when its input ends.

import { createServer } from 'node:http';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

const started: Promise<TestPostgres>[] = [];
let shared: Promise<TestPostgres> | undefined;

function start(): Promise<TestPostgres> {
  const starting = startPostgres();
  started.push(starting);
  return starting;
}

async function answer(url: string): Promise<string> {
  const [, verb, number] = url.split('/');
  switch (verb) {
    case '':
      shared ??= start();
      return (await shared).url;
    case 'start': {
      const index = started.length;
      return `${index} ${(await start()).url}`;
    }
    case 'restart':
      await (await started[Number(number)])?.restart();
      return '';
    case 'stop':
      await (await started[Number(number)])?.stop();
      return '';
    default:
      throw new Error(`there is nothing at ${url}`);
  }
}

const server = createServer(async ({ url = '/' }, response) => {
  try {
    response.end(await answer(url));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`${address?.port}\n`);
});

process.stdin.resume();
process.stdin.once('end', async () => {
  await Promise.allSettled(started.map(async (each) => (await each).stop()));
  process.exit();
});
// Ctrl-C reaches the whole process group; the end of the input follows.
process.on('SIGINT', () => {});
