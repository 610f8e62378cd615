import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Answer, Request, Requests } from './parent-link.ts';

/** Which CPUs a process runs on: servers on the first one, the load on all others, what needs more anywhere. */
export type Place = 'server' | 'load' | 'anywhere';

/** Whether {@link Child.start} pins processes on this machine. */
export const pinned =
  availableParallelism() > 1 &&
  (['server', 'load'] as const).every(
    (place) => spawnSync('taskset', ['-c', cpus(place), 'true']).status === 0,
  );

/** A process of the benchmark, apart from all others so that none slows another down. */
export class Child<Offered extends Requests> implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts a module that calls `answerParent`. */
  static async start<Offered extends Requests>(
    module: URL,
    place: Place,
    args: readonly string[] = [],
  ): Promise<Child<Offered>> {
    const launcher =
      pinned && place !== 'anywhere'
        ? { execPath: 'taskset', execArgv: ['-c', cpus(place), process.execPath, ...process.execArgv] }
        : {};
    const child = fork(fileURLToPath(module), args, { ...launcher, serialization: 'advanced' });
    await once(child, 'spawn');
    return new Child(child);
  }

  /** Asks the process for something. Rejects with what it threw, or when it ends before it answers. */
  async ask<Name extends keyof Offered & string>(
    name: Name,
    input: Parameters<Offered[Name]>[0],
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null)
      throw new Error(
        `request ${name} to a process of the benchmark failed: it ended before, ${exitCode ?? signalCode}`,
      );
    const settled = new AbortController();
    const { signal } = settled;
    try {
      this.#process.send({ name, input } satisfies Request);
      const answer = await Promise.race([
        once(this.#process, 'message', { signal }).then(([message]): Answer => message),
        once(this.#process, 'exit', { signal }).then(
          ([code]): Answer => ({ ok: false, error: `exit ${code}` }),
        ),
      ]);
      if (!answer.ok)
        throw new Error(`request ${name} to a process of the benchmark failed: ${answer.error}`);
      return answer.value as Awaited<ReturnType<Offered[Name]>>;
    } finally {
      settled.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    // Ends by itself then, and so writes its profile where `node --cpu-prof` runs the benchmark.
    this.#process.disconnect();
    await exit;
  }
}

function cpus(place: Exclude<Place, 'anywhere'>): string {
  return place === 'server' ? '0' : `1-${availableParallelism() - 1}`;
}
