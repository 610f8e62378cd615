import { HOSTILE_BODIES } from '../gateway/json/hostile-bodies.ts';
import { frame, rawGrpc } from '../helpers/raw-grpc.ts';
import { LARGE_PARENT } from './large-operations.ts';
import { type ServerSample, SoakedServer } from './server-process.ts';
import { field } from './wire.ts';

/** As many as one page examines at most. */
const OPERATIONS = 10_000;
const REPEATS = 3;
const MIB = 2 ** 20;
/** Within the 8 KiB of a URL. */
const LONG_FILTER = Array.from(
  { length: 90 },
  (_, index) => `metadata.progress_percent = ${index + 100}`,
).join(' OR ');

/** Resolves with a sample if the request gave one. */
type Request = (port: number, server: SoakedServer) => Promise<ServerSample | undefined>;

/** Requests that make much work at once, by what they are. */
const REQUESTS: Readonly<Record<string, Request>> = {
  'a filter that few operations match': list({ filter: 'metadata.progress_percent = 1' }),
  'a filter of 4 KiB': list({ filter: LONG_FILTER }),
  'a filter on responses': list({ filter: 'response.uri = "y" OR response.row_count > 5' }),
  'the largest page, rendered as JSON': list({ pageSize: '1000' }),
  'the largest page, over gRPC': (port) =>
    call(port, '/google.longrunning.Operations/ListOperations', [
      Buffer.concat([field(4, Buffer.from(LARGE_PARENT)), Buffer.from([0x10, 0xe8, 0x07])]),
    ]),
  'OpenAPI, 20 times at once': async (port): Promise<undefined> => {
    await Promise.all(Array.from({ length: 20 }, () => get(port, '/openapi.json')));
  },
  'reflection, 1,000 questions on a stream': (port) =>
    call(
      port,
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      Array.from({ length: 1000 }, (_, index) =>
        index % 2 ? field(7, Buffer.alloc(0)) : field(4, Buffer.from('example.reports.v1.Reports')),
      ),
    ),
  'a script of 1,000 faults': (_port, server) =>
    server.inject(`\nfaults:\n${'  - { method: GetOperation, code: UNAVAILABLE, times: 3 }\n'.repeat(1000)}`),
  'a message of 4 MiB that repeats a field': (port) =>
    call(port, '/google.longrunning.Operations/WaitOperation', [
      Buffer.concat([
        field(1, Buffer.from('operations/x')),
        Buffer.alloc(4 * MIB - 100, Buffer.from([0x12, 0])),
      ]),
    ]),
  ...Object.fromEntries(
    Object.entries(HOSTILE_BODIES).map(([title, body]): [string, Request] => [
      `a body with ${title}`,
      (port) => post(port, body),
    ]),
  ),
};

/**
 * The longest delay of the event loop for each request, by itself, in milliseconds: the least of some times, for others are
 * at work on the machine too.
 *
 * @param module - where `server.ts` is.
 */
export async function measureStalls(module: string): Promise<Readonly<Record<string, number>>> {
  const server = await SoakedServer.start(module, OPERATIONS);
  try {
    const delays: Record<string, number> = {};
    for (const [title, request] of Object.entries(REQUESTS)) {
      delays[title] = Number.POSITIVE_INFINITY;
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        await server.inject('');
        const answer = await request(server.port, server);
        const { longestDelayMs } = answer ?? (await server.inject(''));
        delays[title] = Math.min(delays[title], longestDelayMs);
      }
    }
    return delays;
  } finally {
    await server.stop();
  }
}

function list(parameters: Readonly<Record<string, string>>): Request {
  return (port) => get(port, `/v1/${LARGE_PARENT}/operations?${new URLSearchParams(parameters)}`);
}

async function get(port: number, path: string): Promise<undefined> {
  const headers = { connection: 'close' };
  await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).arrayBuffer();
}

async function post(port: number, body: string): Promise<undefined> {
  const headers = { connection: 'close', 'content-type': 'application/json' };
  const url = `http://127.0.0.1:${port}/v1/projects/p/locations/l/reports:export`;
  await (await fetch(url, { method: 'POST', headers, body })).arrayBuffer();
}

async function call(port: number, path: string, messages: readonly Buffer[]): Promise<undefined> {
  const raw = rawGrpc(`127.0.0.1:${port}`);
  await raw.call(path, Buffer.concat(messages.map((message) => frame(message))));
  raw.session.destroy();
}
