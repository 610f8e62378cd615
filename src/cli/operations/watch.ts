import { setTimeout as sleep } from 'node:timers/promises';
import { listOperations } from '../../client/operations/list.js';
import type { Operation, OperationsApi } from '../../index.js';
import { OperationsService } from '../../server/index.js';
import type { Session } from '../connection/session.js';
import { LARGEST_PAGE } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import { interruptible } from '../output/terminal.js';
import { AWAY, followOperation, isAway, observeAvailability } from './follow-operation.js';

/** Name of an operation, as opposed to a parent. Ids may have slashes, as in some of Google's APIs. */
const OPERATION_NAME = /(?:^|\/)operations\/./;

/**
 * Prints a line for every change: of one operation until its end, or of all operations under a parent until Ctrl-C
 * or `--timeout`.
 *
 * @returns for one operation, the exit code of its outcome.
 */
export async function watch(session: Session, name: string, intervalMs: number): Promise<ExitCode> {
  return OPERATION_NAME.test(name) ? watchOperation(session, name) : watchParent(session, name, intervalMs);
}

function watchOperation(session: Session, name: string): Promise<ExitCode> {
  const print = (operation: Operation) => session.printOperationLine(operation);
  return followOperation(session, name, {
    running: print,
    trouble: (text) => printTrouble(session, text),
    over() {},
    ended: print,
    async gaveUp() {},
  });
}

async function watchParent(session: Session, parent: string, intervalMs: number): Promise<ExitCode> {
  const changed = new ChangedOperations();
  const look = async (api: OperationsApi, signal: AbortSignal) => {
    const listing: Operation[] = [];
    const request = { name: parent, pageSize: LARGEST_PAGE };
    for await (const operation of listOperations(api, request, { signal })) listing.push(operation);
    for (const operation of changed.of(listing)) await session.printOperationLine(operation);
  };
  const observed = observeAvailability(session.client, (available) =>
    printTrouble(session, available ? undefined : AWAY),
  );
  await untilEnded(session, async (signal) => {
    // A first failure may be a wrong address and is reported. Later, the server may be unavailable for a while.
    await look(session.client, signal);
    for (;;) {
      await sleep(intervalMs, undefined, { signal });
      await look(observed, signal).catch((error) => {
        if (!isAway(error)) throw error;
      });
    }
  });
  return ExitCode.SUCCEEDED;
}

/** Runs `work` until Ctrl-C or `--timeout`. Neither is an error, because watching a parent has no natural end. */
function untilEnded(session: Session, work: (signal: AbortSignal) => Promise<never>): Promise<void> {
  const { timeoutMs } = session.timeLeft;
  return interruptible(session.terminal, async (interrupted) => {
    const signal =
      timeoutMs === undefined ? interrupted : AbortSignal.any([interrupted, AbortSignal.timeout(timeoutMs)]);
    await work(signal).catch((error) => {
      if (!signal.aborted) throw error;
    });
  });
}

function printTrouble({ terminal }: Session, text: string | undefined): void {
  if (text !== undefined) terminal.stderr.write(`${text}\n`);
}

/** Difference between successive listings. */
export class ChangedOperations {
  #known: ReadonlyMap<string, Buffer> = new Map();

  /**
   * Returns the operations that are new or changed since the previous listing, oldest first.
   *
   * @param listing - newest first.
   */
  of(listing: readonly Operation[]): Operation[] {
    const before = this.#known;
    const states = listing.map((operation) => [operation.name, bytesOf(operation)] as const);
    // Operations that are no longer listed are forgotten.
    this.#known = new Map(states);
    return listing
      .filter((operation, index) => {
        const state = states[index]?.[1];
        return !state || !before.get(operation.name)?.equals(state);
      })
      .reverse();
  }
}

function bytesOf(operation: Operation): Buffer {
  return OperationsService.getOperation.responseSerialize(operation);
}
