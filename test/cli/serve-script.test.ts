import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Code, OperationsClient, StatusError } from 'longrunning';
import type { RecordedCall } from 'longrunning/testing';
import { rejection } from '../../src/conformance/kit-error.js';
import { protoFiles } from '../schema/proto-files.js';
import { getJson, type Once, once } from '../testing/server/callers.js';
import { JOBS_PROTO, run, Serving } from './command-line.js';
import { startJob } from './start-job.js';

// Every server is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Scripted {
  readonly serving: Serving;
  readonly caller: Once;
  /** Directory of the script and of other files of the test. */
  path(name: string): string;
}

/** Server with a script. */
async function serve(script: string, ...args: string[]): Promise<Scripted> {
  const files = protoFiles({ 'jobs.yaml': script });
  open.push(() => files[Symbol.dispose]());
  const given = args.map((arg) => arg.replace(/^@/, `${files.dir}/`));
  const serving = await Serving.start([...JOBS_PROTO, '--script', files.path('jobs.yaml'), ...given]);
  const caller = once(serving.address);
  open.push(
    () => serving[Symbol.asyncDispose](),
    () => caller[Symbol.dispose](),
  );
  return { serving, caller, path: files.path };
}

/** Replaces a file by another, as editors do. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

const codeOf = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => StatusError.from(thrown),
  );
  return error?.code ?? 0;
};

const linesOf = (path: string): RecordedCall[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('serve --script › faults', () => {
  it('returns errors with details, by name and by method, in order, until they are used up', async () => {
    const { caller, serving } = await serve(`
faults:
  - { method: GetOperation, name: operations/a, code: ABORTED, message: not you }
  - { method: GetOperation, code: UNAVAILABLE, times: 2 }
  - { method: Describe, code: NOT_FOUND }
`);
    expect(await codeOf(caller.get('operations/b'))).toBe(Code.UNAVAILABLE);
    expect(await rejection(caller.get('operations/a'))).toMatchObject({ details: 'not you' });
    expect((await getJson(`http://${serving.address}`, 'operations/a')).status).toBe(503);
    expect(await codeOf(caller.get('operations/a'))).toBe(Code.NOT_FOUND);
  });

  it('hang, drop, goAway and delay act as in test servers', async () => {
    const { caller, serving } = await serve(`
faults:
  - { method: GetOperation, name: operations/warm, delayMs: 1 }
  - { method: GetOperation, name: operations/hang, effect: hang }
  - { method: GetOperation, effect: drop }
  - { method: GetOperation, effect: goAway }
  - { method: WaitOperation, delayMs: 60000, times: always }
`);
    const name = await startJob(serving.address, 'Hang');
    // With an established connection, the deadline is long enough for the call to arrive.
    expect(await codeOf(caller.get('operations/warm'))).toBe(Code.NOT_FOUND);
    expect(await codeOf(caller.get('operations/hang', { deadlineMs: 1000 }))).toBe(Code.DEADLINE_EXCEEDED);
    expect(await rejection(caller.get(name))).toMatchObject({ code: Code.UNAVAILABLE });
    expect((await caller.getFrom(name)).name).toBe(name);
    expect((await caller.getFrom(name)).name).toBe(name);
    // A delayed call does not keep the server from stopping.
    const waiting = codeOf(caller.wait(name));
    serving.child.kill('SIGTERM');
    expect(await waiting).not.toBe(0);
    expect(await serving.ended).toMatchObject({ code: 0 });
  });

  it('early answers of waits, stale and duplicate reads, undecodable Any', async () => {
    const { caller, serving } = await serve(`
methods:
  Jobs.Hang: { durationMs: 3600000, onCancel: honour }
faults:
  - { effect: answerEarly }
  - { method: GetOperation, name: operations/none, code: ABORTED }
  - { method: GetOperation, effect: stale }
  - { method: GetOperation, effect: duplicate }
  - { method: GetOperation, effect: unknownAny }
  - { method: GetOperation, effect: brokenAny }
`);
    const client = new OperationsClient({ address: serving.address });
    open.push(() => client.close());
    const name = await startJob(serving.address, 'Hang');
    expect((await caller.wait(name)).done).toBe(false);
    await client.cancelOperation({ name });
    expect((await caller.wait(name)).done).toBe(true);
    expect((await caller.get(name)).done).toBe(false);
    expect((await caller.get(name)).done).toBe(true);
    expect((await caller.get(name)).metadata?.typeUrl).toMatch(/Unknown$/);
    expect([...((await caller.get(name)).metadata?.value ?? [])]).toEqual([0xff]);
    expect((await caller.get(name)).metadata?.typeUrl).toMatch(/JobMetadata$/);
  });

  it('waitUnimplemented and cancelUnimplemented', async () => {
    const { serving } = await serve('faults: [waitUnimplemented, cancelUnimplemented]');
    const client = new OperationsClient({ address: serving.address });
    open.push(() => client.close());
    for (const call of [
      () => client.waitOperation({ name: 'a' }),
      () => client.cancelOperation({ name: 'a' }),
    ])
      expect(await codeOf(call())).toBe(Code.UNIMPLEMENTED);
  });
});

describe('init-script', () => {
  it('prints a script for the named protos that serve accepts', async () => {
    const { code, stdout, stderr } = await run(['init-script', ...JOBS_PROTO]);
    expect([code, stderr]).toEqual([0, '']);
    const { caller } = await serve(stdout.replace('#- waitUnimplemented', '- waitUnimplemented'));
    expect(await codeOf(caller.wait('operations/a'))).toBe(Code.UNIMPLEMENTED);
  });

  it('uses the example service by default; fails for protos without long-running methods', async () => {
    expect((await run(['init-script'])).stdout).toMatch(
      /^ {2}example\.reports\.v1\.Reports\.ExportReport:$/m,
    );
    const { code, stderr } = await run(['init-script', '--proto', 'google/rpc/status.proto']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('name a proto with one that does')]);
  });
});

describe('serve --watch', () => {
  it('reloads a rewritten or replaced script; logs an invalid one and keeps the previous one', async () => {
    const { serving, caller, path } = await serve('faults: [{ code: ABORTED, times: always }]', '--watch');
    const script = path('jobs.yaml');
    expect(await codeOf(caller.get('operations/a'))).toBe(Code.ABORTED);

    replace(script, 'methods: { Insist: { durationMs: 1 } }\nfaults: [{ code: DATA_LOSS, times: always }]');
    await serving.line(/script was reloaded/, 'stderr');
    expect(await codeOf(caller.get('operations/a'))).toBe(Code.DATA_LOSS);

    writeFileSync(script, 'faults: [{ code: ABORTD, times: always }]');
    const told = JSON.parse(await serving.line(/the previous one stays in use/, 'stderr'));
    expect(told).toMatchObject({ level: 50, script });
    expect(told.msg).toMatch(/jobs\.yaml:1: faults\[0\]\.code: "ABORTD" .*did you mean "ABORTED"\?/);
    expect(await codeOf(caller.get('operations/a'))).toBe(Code.DATA_LOSS);

    rmSync(script);
    await serving.line(/the previous one stays in use: the script cannot be read: ENOENT/, 'stderr');
    expect(await codeOf(caller.get('operations/a'))).toBe(Code.DATA_LOSS);

    replace(script, 'faults: [{ code: INTERNAL, times: always }]');
    while ((await codeOf(caller.get('operations/a'))) !== Code.INTERNAL) await setTimeout(50);
  });

  it('running operations keep the script they started with', async () => {
    const hang = 'methods: { Jobs.Hang: { durationMs: 3600000 } }';
    const { serving, caller, path } = await serve(hang, '--watch');
    const name = await startJob(serving.address, 'Hang');
    replace(path('jobs.yaml'), 'methods: { Jobs.Hang: { durationMs: 1 } }');
    await serving.line(/script was reloaded/, 'stderr');
    const second = await startJob(serving.address, 'Hang');
    expect((await caller.wait(second)).done).toBe(true);
    expect((await caller.get(name)).done).toBe(false);
  });
});

describe('serve --record', () => {
  it('appends a line per ended call, which survives a killed process', async () => {
    const { serving, caller, path } = await serve(
      'faults: [{ method: GetOperation, code: ABORTED }]',
      '--record',
      '@calls.jsonl',
    );
    const calls = path('calls.jsonl');
    await codeOf(caller.get('operations/a'));
    const client = new OperationsClient({
      address: serving.address,
      token: 'sesame',
      headers: { 'x-team': 'blue' },
    });
    open.push(() => client.close());
    await codeOf(client.getOperation({ name: 'operations/b' }));
    await codeOf(getJson(`http://${serving.address}`, 'operations/c'));
    serving.child.kill('SIGKILL');
    await serving.ended;

    const [first, second, third] = linesOf(calls);
    expect(first).toEqual({
      method: 'google.longrunning.Operations.GetOperation',
      request: { name: 'operations/a' },
      headers: expect.any(Object),
      over: 'gRPC',
      time: expect.any(Number),
      fault: 'error',
      outcome: expect.objectContaining({ code: 'ABORTED', time: expect.any(Number) }),
    });
    expect(second).toMatchObject({ headers: { authorization: '(secret)', 'x-team': 'blue' } });
    expect(third).toMatchObject({ over: 'REST', outcome: { code: 'NOT_FOUND' } });
    expect(readFileSync(calls, 'utf8')).not.toContain('sesame');
    expect(statSync(calls).mode & 0o077).toBe(0);
  });

  it('completes a torn line, and records unfinished calls without an outcome', async () => {
    const { serving, caller, path } = await serve(
      'faults: [{ method: WaitOperation, effect: hang }]',
      '--record',
      '@calls.jsonl',
    );
    const calls = path('calls.jsonl');
    await codeOf(caller.get('operations/a'));
    appendFileSync(calls, '{"method": "goo');
    const again = await Serving.start([...JOBS_PROTO, '--record', calls]);
    open.push(() => again[Symbol.asyncDispose]());
    using other = once(again.address);
    await codeOf(other.get('operations/b'));
    const [first, half, whole] = readFileSync(calls, 'utf8').trimEnd().split('\n');
    expect([JSON.parse(first ?? ''), half, JSON.parse(whole ?? '')]).toMatchObject([
      { request: { name: 'operations/a' } },
      '{"method": "goo',
      { request: { name: 'operations/b' } },
    ]);

    const hanging = codeOf(caller.wait('operations/c'));
    // The server has received the call: a later one on the same connection has been answered.
    await codeOf(caller.get('operations/d'));
    serving.child.kill('SIGTERM');
    await Promise.all([serving.ended, hanging]);
    const last = JSON.parse(readFileSync(calls, 'utf8').trimEnd().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ request: { name: 'operations/c' }, fault: 'hang' });
    expect(last).not.toHaveProperty('outcome');
  });
});
