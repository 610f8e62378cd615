import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ListOperationsRequest,
  ListOperationsResponse,
} from '../../generated/google/longrunning/operations.js';
import { type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { answerBytes, refuse, startUnreliableServer } from '../client/unreliable-server.js';
import { run } from './command-line.js';

const COUNT = 5;
const PARENT = 'projects/list/locations/l';

let server: ReportsServer;
/** Names in list order, newest first. */
let names: readonly string[];

const list = (...args: string[]) => run(['list', ...args], { address: server.address });

const HEAD = expect.stringMatching(/^NAME +STATE +CREATED +ENDED +DETAIL$/);
const rowOf = (name: string) => expect.stringMatching(new RegExp(`^${name} +running +`));
const linesOf = (text: string) => text.trimEnd().split('\n');
const namesOf = (text: string) => linesOf(text).map((line) => JSON.parse(line).name);

// At the top level, so that the server is stopped before test/helpers/no-leaks.ts checks.
describe('list', () => {
  beforeAll(async () => {
    server = await startReportsServer();
    const started: string[] = [];
    for (let index = 0; index < COUNT; index++) {
      started.unshift((await server.inProcess.exportReport({ parent: PARENT })).name);
    }
    names = started;
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('one page suffices: a table only', async () => {
    const { code, stdout, stderr } = await list(PARENT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(stdout)).toEqual([HEAD, ...names.map(rowOf)]);
  });

  it('fits the width that COLUMNS gives, with relative times', async () => {
    const before = process.env.COLUMNS;
    process.env.COLUMNS = '50';
    try {
      const { stdout } = await list(PARENT);
      for (const line of linesOf(stdout)) expect(line.length).toBeLessThanOrEqual(50);
      expect(linesOf(stdout)[1]).toMatch(/^…\S+ {2}running {2}(?:in \d+y|\d+[smhdy] ago) /);
    } finally {
      if (before === undefined) delete process.env.COLUMNS;
      else process.env.COLUMNS = before;
    }
  });

  it('more than a page: one page, and advice on standard error', async () => {
    const { code, stdout, stderr } = await list(PARENT, '--page-size', '2');
    expect(code).toBe(0);
    expect(linesOf(stdout)).toEqual([HEAD, ...names.slice(0, 2).map(rowOf)]);
    expect(stderr).toBe('longrunning: there are more: --all lists all, --page-size more at once\n');
  });

  it('--all: every page, under one header', async () => {
    const { code, stdout, stderr } = await list(PARENT, '--page-size', '2', '--all');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(stdout)).toEqual([HEAD, ...names.map(rowOf)]);
  });

  it('--json: one operation per line, for one page or all', async () => {
    const [page, all] = await Promise.all([
      list(PARENT, '--page-size', '2', '--json'),
      list(PARENT, '--page-size', '2', '--json', '--all'),
    ]);
    expect(namesOf(page.stdout)).toEqual(names.slice(0, 2));
    expect(page.stderr).toContain('--all');
    expect(namesOf(all.stdout)).toEqual(names);
    expect(all.stderr).toBe('');
  });

  it('--filter', async () => {
    const [running, done] = await Promise.all([
      list(PARENT, '--filter', 'done = false', '--json'),
      list(PARENT, '--filter', 'done = true', '--json', '--all'),
    ]);
    expect(namesOf(running.stdout)).toEqual(names);
    expect(done).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('no operations: a message', async () => {
    expect(await list('projects/none')).toEqual({ code: 0, stdout: 'no operations\n', stderr: '' });
  });

  it.each([[[]], [['--all']]])(
    '%j --partial: lists unreachable locations on standard error',
    async (more) => {
      const page = ListOperationsResponse.fromPartial({
        operations: [{ name: 'operations/1' }],
        unreachable: ['projects/p/locations/eu', 'projects/p/locations/us'],
      });
      const requests: Promise<ListOperationsRequest>[] = [];
      await using away = await startUnreliableServer((call) => {
        if (call.method !== 'ListOperations') return refuse(call, 12, 'no such method');
        requests.push(buffer(call.stream).then((bytes) => ListOperationsRequest.decode(bytes.subarray(5))));
        answerBytes(call, ListOperationsResponse.encode(page).finish());
      });
      const { code, stdout, stderr } = await run(['list', '--partial', ...more], { address: away.address });
      expect(code).toBe(0);
      expect(stdout).toContain('operations/1');
      expect(stderr).toBe(
        'longrunning: operations may be missing, unreachable: projects/p/locations/eu, projects/p/locations/us\n',
      );
      expect(await requests[0]).toMatchObject({ returnPartialSuccess: true });
    },
  );
});
