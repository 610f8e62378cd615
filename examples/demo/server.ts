import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const packageFile = require.resolve('longrunning/package.json');
const commandLine = join(dirname(packageFile), require(packageFile).bin.longrunning);
const gkeProtos = join(dirname(require.resolve('@google-cloud/gkemulticloud/package.json')), 'build/protos');

const ARGUMENTS = [
  'serve',
  ...['--address', '127.0.0.1:0'],
  ...['--proto', 'google/cloud/gkemulticloud/v1/attached_service.proto'],
  ...['--proto', 'google/cloud/gkemulticloud/v1/aws_service.proto'],
  ...['--include', gkeProtos],
  ...['--script', fileURLToPath(new URL('gke.yaml', import.meta.url))],
  ...['--grace', '0'],
];

/** `longrunning serve` with the GKE Multi-Cloud API, in a separate process. */
export interface GkeServer {
  readonly port: number;
  /** Stops it as a process manager would. Resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the server. Resolves when it is ready. */
export async function startGkeServer(): Promise<GkeServer> {
  const child = spawn(process.execPath, [commandLine, ...ARGUMENTS], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const log = text(child.stderr);
  const address = await readyLine(child.stdout);
  if (address === undefined) throw new Error(`the server did not start: ${await log}`);
  return {
    port: Number(address.slice(address.lastIndexOf(':') + 1)),
    stop: () => stop(child, exited),
  };
}

/** Address in the line that the server prints when it is ready. Undefined if it exits without one. */
async function readyLine(stdout: Readable): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdout })) {
    return line.replace('longrunning: listening on ', '');
  }
  return undefined;
}

async function stop(child: ChildProcess, exited: Promise<unknown[]>): Promise<number | null> {
  child.kill('SIGTERM');
  const [code] = await exited;
  return typeof code === 'number' ? code : null;
}
