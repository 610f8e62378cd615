import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles the server with the sources, because the package does not export the faked services that it runs. */
async function bundled(module: string): Promise<string> {
  // Beside the packages that it imports, and outside of what is published.
  const outfile = join(process.cwd(), 'node_modules/.cache/longrunning/soak-server.mjs');
  await build({
    entryPoints: [module],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  });
  return outfile;
}

/** What the server tells of itself. */
export interface ServerSample {
  /** Memory in use, once everything that can be collected is. */
  readonly bytes: number;
  /** Of the event loop, since the last sample. */
  readonly longestDelayMs: number;
}

/** The server of a soak, in a process of its own. */
export class SoakedServer {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /**
   * @param module - where `server.ts` is.
   * @param operations - large ones to store.
   */
  static async start(module: string, operations = 0): Promise<SoakedServer> {
    const args = ['--expose-gc', '--no-warnings', await bundled(module), String(operations)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [{ port }] = await once(child, 'message');
    return new SoakedServer(child, port);
  }

  /** Has these faults go wrong from now on; resolves with what the server measured since the last time. */
  async inject(faults: string): Promise<ServerSample> {
    const told = once(this.#child, 'message');
    this.#child.send(faults);
    const [sample] = await told;
    return sample;
  }

  /** Asks it to end; its exit code, or the signal that it died of. */
  async stop(): Promise<number | string> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const hanging = setTimeout(() => this.#child.kill('SIGKILL'), 30_000);
    const [code, signal] = await ended;
    clearTimeout(hanging);
    return code ?? signal;
  }
}
