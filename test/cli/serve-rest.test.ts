import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { run, Serving } from './command-line.js';

// Every command is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const LIST = '/v1/projects/p/locations/l/operations';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(...args: string[]): Promise<Serving> {
  const serving = await Serving.start(args);
  open.push(() => serving[Symbol.asyncDispose]());
  return serving;
}

/** Resolves to the status of a GET; undefined if the address does not serve HTTP/1.1. */
function restStatus(address: string, path = LIST): Promise<number | undefined> {
  return fetch(`http://${address}${path}`, { headers: { connection: 'close' } }).then(
    ({ status }) => status,
    () => undefined,
  );
}

const grpcCode = async (address: string) => (await run(['list', 'projects/p/locations/l'], { address })).code;

describe('serve › REST', () => {
  it('on one port with gRPC', async () => {
    const { address } = await serve();
    expect([await restStatus(address), await grpcCode(address)]).toEqual([200, 0]);
  });

  it('--http-address: on a separate port, printed in a second line', async () => {
    const serving = await serve('--http-address', '127.0.0.1:0');
    const restAddress = (await serving.line(/REST on/)).replace('longrunning: REST on ', '');
    expect([await restStatus(restAddress), await grpcCode(serving.address)]).toEqual([200, 0]);
    expect(await restStatus(serving.address)).toBeUndefined();
    serving.child.kill('SIGTERM');
    const { stdout } = await serving.ended;
    expect(stdout).toBe(
      `longrunning: listening on ${serving.address}\nlongrunning: REST on ${restAddress}\n`,
    );
  });

  it('--grpc-only: REST is off', async () => {
    const { address } = await serve('--grpc-only');
    expect([await restStatus(address), await grpcCode(address)]).toEqual([undefined, 0]);
  });

  it('--rest-only: gRPC is off', async () => {
    const { address } = await serve('--rest-only');
    expect([await restStatus(address), await grpcCode(address)]).toEqual([200, 5]);
  });

  const rule = (path: string) => `option (google.api.http) = { post: "${path}" body: "*" };`;
  const protoWith = (...paths: string[]) => `syntax = "proto3"; package acme.v1;
    import "google/api/annotations.proto"; import "google/longrunning/operations.proto";
    message Job { string parent = 1; }
    service Jobs { ${paths.map((path, index) => `rpc Run${index}(Job) returns (google.longrunning.Operation) { ${rule(path)} }`).join('\n')} }`;

  it.each([
    ['malformed', ['/v1/{parent=a/*}x'], /rule of acme\.v1\.Jobs\.Run0: path template ".*" is invalid/],
    ['in conflict', ['/v1/a', '/v1/a'], /rule of acme\.v1\.Jobs\.Run1: .* same requests as rule of .*Run0/],
  ])(
    'HTTP rules that are %s: rejected with file and rule, unless --grpc-only is set',
    async (_, paths, fault) => {
      const directory = await mkdtemp(join(tmpdir(), 'longrunning-'));
      open.push(() => rm(directory, { recursive: true }));
      const file = join(directory, 'jobs.proto');
      await writeFile(file, protoWith(...paths));
      const refused = await run(['serve', '--address', '127.0.0.1:0', '--proto', file]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(fault)]);
      expect(refused.stderr).toContain(`HTTP rules of ${file} cannot be served`);
      expect(refused.stderr).toContain('--service-config');
      expect(refused.stderr).toContain('--grpc-only');
      expect((await run(['openapi', '--proto', file])).stderr).toMatch(fault);
      const { address } = await serve('--grpc-only', '--proto', file);
      const started = await run(['start', 'Jobs/Run0', '{"parent": "projects/p"}', '--proto', file], {
        address,
      });
      expect(started.code).toBe(0);
    },
  );

  it('--service-config: uses its rules', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'longrunning-'));
    open.push(() => rm(directory, { recursive: true }));
    const file = join(directory, 'service.yaml');
    const rule = '{ selector: google.longrunning.Operations.ListOperations, get: "/v7/{name=projects/*}" }';
    await writeFile(file, `http: { rules: [${rule}] }`);
    const { address } = await serve('--service-config', file);
    expect([await restStatus(address, '/v7/projects/p'), await restStatus(address)]).toEqual([200, 404]);
  });

  it('stopping: a pending wait is answered, exit code 0', async () => {
    const serving = await serve('--grace', '300ms');
    const started = await run(
      ['start', 'Reports/ExportReport', '{"parent": "projects/p/locations/l"}', '--json'],
      { address: serving.address },
    );
    const { name } = JSON.parse(started.stdout);
    const waiting = fetch(`http://${serving.address}/v1/${name}:wait`, { method: 'POST' });
    // The server answers a later call only after it has received this one.
    expect(await restStatus(serving.address)).toBe(200);
    serving.child.kill('SIGTERM');
    const answer = await waiting;
    expect([answer.status, await answer.json()]).toMatchObject([200, { name }]);
    expect(await serving.ended).toMatchObject({ code: 0, signal: null });
  });
});
