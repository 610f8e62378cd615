import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ProtoFiles, protoFiles } from '../schema/proto-files.js';
import { JOBS_PROTO, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// The server is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const AUTH = `
tokens:
  - { token: ada-1, principal: user:ada@example.com }
  - { token: bob-1, principal: user:bob@example.com }
policy:
  service: jobs
  roles: { admin: [jobs.*], viewer: [jobs.operations.list] }
  bindings:
    - { role: admin, members: [user:ada@example.com], resources: ['**'] }
    - { role: viewer, members: [user:bob@example.com], resources: [projects/p/locations/l] }
`;
const PARENT = 'projects/p/locations/l';

describe('serve --auth', () => {
  let files: ProtoFiles;
  let serving: Serving;
  let address: string;
  beforeAll(async () => {
    files = protoFiles({ 'auth.yaml': AUTH, 'bad.yaml': AUTH.replace('jobs.*', 'jobs.x.*') });
    serving = await Serving.start([...JOBS_PROTO, '--auth', files.path('auth.yaml')]);
    ({ address } = serving);
  });
  afterAll(async () => {
    await serving[Symbol.asyncDispose]();
    files[Symbol.dispose]();
  });

  it('without a token: UNAUTHENTICATED, with advice', async () => {
    const { code, stderr } = await run(['list', PARENT], { address });
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(/UNAUTHENTICATED: .*--token or LONGRUNNING_TOKEN/),
    ]);
    await expect(startJob(address, 'Hang', PARENT)).rejects.toMatchObject({ code: 16 });
  });

  it('with an insufficient token: PERMISSION_DENIED, naming the missing permission', async () => {
    const { code, stderr } = await run(['cancel', `${PARENT}/operations/1`, '--token', 'bob-1'], { address });
    expect([code, stderr]).toEqual([
      5,
      expect.stringContaining('permission jobs.operations.cancel is denied'),
    ]);
  });

  it('with a permitted token: the operation starts, and lists show what the caller may get', async () => {
    const start = [
      'start',
      ...JOBS_PROTO,
      'test.jobs.v1.Jobs/Hang',
      `{"parent": "${PARENT}"}`,
      '--json',
      '--token',
      'ada-1',
    ];
    const { stdout, stderr } = await run(start, { address });
    expect(stderr).toBe('');
    const { name } = JSON.parse(stdout) as { name: string };
    const listed = (token: string) => run(['list', PARENT, '--json', '--token', token], { address });
    expect((await listed('ada-1')).stdout).toContain(name);
    expect(await listed('bob-1')).toMatchObject({ code: 0, stdout: '' });
  });

  it('protects REST too, except for health', async () => {
    const path = `http://${address}/v1/${PARENT}/operations`;
    const refused = await fetch(path, { headers: { connection: 'close' } });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="longrunning"',
    ]);
    const health = await fetch(`http://${address}/healthz`, { headers: { connection: 'close' } });
    expect(health.status).toBe(200);
  });

  it('rejects an invalid file, with file, line and field', async () => {
    const file = files.path('bad.yaml');
    const { code, stderr } = await run(['serve', ...JOBS_PROTO, '--auth', file]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`${file}:7: policy.roles.admin[0]: no permission begins with "jobs.x."`),
    ]);
    const absent = await run(['serve', ...JOBS_PROTO, '--auth', files.path('absent.yaml')]);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('--auth cannot be read')]);
  });
});
