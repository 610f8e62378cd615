// Started by jest.config.js for a whole run. The first test that asks gets a PostgreSQL started, all get its address;
// and when the run ends, in whatever way, so does this process, for its input ends.

import { createServer } from 'node:http';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let postgres: Promise<TestPostgres> | undefined;

const server = createServer(async (_, response) => {
  try {
    postgres ??= startPostgres();
    response.end((await postgres).url);
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
  await (await postgres)?.stop();
  process.exit();
});
// Ctrl-C is for the whole group of processes; the end of the input follows.
process.on('SIGINT', () => {});
