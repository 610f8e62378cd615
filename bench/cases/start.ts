import { spawn } from 'node:child_process';
import { once as eventOf } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchCase } from '../harness/bench-case.ts';
import { Child } from '../harness/child.ts';
import type { ImportRequests } from '../harness/import-probe.ts';
import { alternate } from '../harness/rounds.ts';
import type { StartRequests } from '../harness/start-probe.ts';

const PROBE = new URL('../harness/import-probe.ts', import.meta.url);
const START_PROBE = new URL('../harness/start-probe.ts', import.meta.url);
const BARE_CLI = fileURLToPath(new URL('../servers/bare-cli.js', import.meta.url));
const BARE_SERVE = fileURLToPath(new URL('../servers/bare-serve.js', import.meta.url));
const CLI = fileURLToPath(new URL('./cli/main.js', import.meta.resolve('longrunning')));
const ROUNDS = { warmUp: 2, measured: 9 };

/** What it costs an application to start with the kit. */
export const startCases: readonly BenchCase[] = [
  {
    name: 'import',
    ours: "`import 'longrunning'`",
    theirs: 'importing grpc-js and the generated stubs of Operations',
    goal: { bound: 'at most', ratio: 1.15 },
    async measure() {
      const rounds = await alternate(
        {
          ours: () => importMs('longrunning'),
          theirs: () => importMs('@grpc/grpc-js', 'longrunning/generated/google/longrunning/operations'),
        },
        ROUNDS,
      );
      return { main: { quantity: 'milliseconds', rounds }, context: [] };
    },
  },
  {
    name: 'cli-help',
    ours: '`longrunning --help`, from start to end of the process',
    theirs: '`--help` of a commander program with the same commands and no options',
    goal: { bound: 'at most', ratio: 1.3 },
    async measure() {
      const sides = { ours: () => ended(CLI, '--help'), theirs: () => ended(BARE_CLI, '--help') };
      return { main: { quantity: 'milliseconds', rounds: await alternate(sides, ROUNDS) }, context: [] };
    },
  },
  {
    name: 'serve-ready',
    ours: '`longrunning serve`, from the start of the process until it reports its address',
    theirs: 'a program that serves the generated stubs of Operations on grpc-js',
    goal: { bound: 'at most', ratio: 1.5 },
    async measure() {
      const sides = {
        ours: () => ready(CLI, 'serve', '--address', '127.0.0.1:0'),
        theirs: () => ready(BARE_SERVE),
      };
      return { main: { quantity: 'milliseconds', rounds: await alternate(sides, ROUNDS) }, context: [] };
    },
  },
  {
    name: 'test-server-start',
    ours: '`startTestServer()`, once imported, in a fresh process',
    theirs: 'binding a grpc-js server with the generated stubs, likewise',
    async measure() {
      const sides = { ours: () => startMs('startTestServer'), theirs: () => startMs('startBareServer') };
      return { main: { quantity: 'milliseconds', rounds: await alternate(sides, ROUNDS) }, context: [] };
    },
  },
];

/** Milliseconds until a program has ended well. */
async function ended(...args: string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const [code] = await eventOf(child, 'exit');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return performance.now() - began;
}

/** Milliseconds until a program has written a line. */
async function ready(...args: string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await eventOf(child.stdout, 'data');
  const tookMs = performance.now() - began;
  child.kill();
  await eventOf(child, 'exit');
  return tookMs;
}

async function importMs(...specifiers: string[]): Promise<number> {
  const probe = await Child.start<ImportRequests>(PROBE, 'server');
  try {
    return await probe.ask('load', specifiers);
  } finally {
    await probe[Symbol.asyncDispose]();
  }
}

async function startMs(request: keyof StartRequests): Promise<number> {
  const probe = await Child.start<StartRequests>(START_PROBE, 'server');
  try {
    return await probe.ask(request, '127.0.0.1:0');
  } finally {
    await probe[Symbol.asyncDispose]();
  }
}
