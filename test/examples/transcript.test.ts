import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Serving } from '../cli/command-line.js';
import { abbreviated } from './abbreviated.js';
import { parseCurl } from './curl-command.js';

jest.setTimeout(300_000);

/** Output of a command. */
interface Printed {
  readonly status: number;
  readonly json: unknown;
}

const EXECUTORS: Readonly<Record<string, (command: string) => Promise<Printed>>> = {
  curl: byCurl,
  'no curl': byFetch,
};
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe.each(Object.entries(EXECUTORS).filter(([name]) => hasCurl || name !== 'curl'))(
  'the worked examples of docs/rest-mapping.md, by %s',
  (_, execute) => {
    let serving: Serving;
    beforeAll(async () => {
      serving = await Serving.start();
    });
    afterAll(async () => serving[Symbol.asyncDispose]());

    it('have the documented answers', async () => {
      const statuses: number[] = [];
      /** Names as written in the document, and their actual values. */
      const names = new Map<string, string>();
      for (const { command, answer } of transcript()) {
        let actual = command.replace('localhost:8080', serving.address);
        for (const [written, name] of names) actual = actual.replace(written, name);
        const { status, json } = await execute(actual);
        const { name } = json as { name?: string };
        if (answer.name !== undefined && !names.has(answer.name)) names.set(answer.name, name ?? '');
        let expected = JSON.stringify(answer);
        for (const [written, name] of names) expected = expected.replaceAll(written, name);
        expect({ command, json }).toMatchObject({ command, json: abbreviated(JSON.parse(expected)) });
        expect({ command, status }).toEqual({ command, status: statusOf(answer) });
        statuses.push(status);
      }
      expect(statuses).toEqual(expect.arrayContaining([200, 400, 404, 405, 501]));
    });
  },
);

interface Step {
  readonly command: string;
  /** Some of it. */
  readonly answer: { readonly name?: string; readonly done?: boolean; readonly error?: { code: number } };
}

/** A method that cannot be cancelled. */
const PURGE: readonly Step[] = [
  {
    command: "curl -X POST 'http://localhost:8080/v1/projects/p/locations/l/reports:purge'",
    answer: { name: 'projects/p/locations/l/operations/9' },
  },
  {
    command: "curl -X POST 'http://localhost:8080/v1/projects/p/locations/l/operations/9:cancel'",
    answer: { error: { code: 501 } },
  },
];

/** The documented steps, without response headers. A path with dot segments cannot be sent by `fetch`. */
function transcript(): Step[] {
  const page = readFileSync(join(__dirname, '../../docs/rest-mapping.md'), 'utf8');
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const steps = blocks.flatMap((block) => block.split(/^\$ /m).slice(1));
  const documented = steps
    .filter((step) => !step.includes('--path-as-is'))
    .map((step) => {
      const [command = '', ...answer] = step.split('\n');
      const json = answer.filter((line) => !/^(?:HTTP|\w+:)/.test(line)).join('\n');
      return { command: command.replace(' -i', ''), answer: JSON.parse(json) };
    });
  return [...documented, ...PURGE];
}

/** The error of an operation is not an error of the request. */
function statusOf({ done, error }: Step['answer']): number {
  return error && !done ? error.code : 200;
}

async function byCurl(command: string): Promise<Printed> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -s -w '\\n%{http_code}'`]);
  const lines = stdout.split('\n');
  return { status: Number(lines.pop()), json: JSON.parse(lines.join('\n')) };
}

async function byFetch(command: string): Promise<Printed> {
  const { url, headers, ...rest } = parseCurl(command);
  const answer = await fetch(url, { ...rest, headers: { ...headers, connection: 'close' } });
  return { status: answer.status, json: await answer.json() };
}
