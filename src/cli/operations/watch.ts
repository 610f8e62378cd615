import { setTimeout as sleep } from 'node:timers/promises';
import { listOperations, type Operation, type OperationsApi } from '../../index.js';
import { OperationsService } from '../../server/index.js';
import type { Session } from '../connection/session.js';
import { LARGEST_PAGE } from '../options/options.js';
import { ExitCode } from '../output/failure.js';
import { interruptible } from '../output/terminal.js';
import { AWAY, followOperation, isAway, tellingAvailability } from './follow-operation.js';

/** Also those names whose ids have slashes of their own, as some of Google's have. */
const OPERATION_NAME = /(?:^|\/)operations\/./;

/**
 * Prints a line for every change: of one operation until its end, or of all operations under a parent until
 * somebody presses Ctrl-C or `--timeout` passes.
 *
 * @returns of one operation, the exit code that says how it ended.
 */
export async function watch(session: Session, name: string, intervalMs: number): Promise<ExitCode> {
  return OPERATION_NAME.test(name) ? watchOperation(session, name) : watchParent(session, name, intervalMs);
}

function watchOperation(session: Session, name: string): Promise<ExitCode> {
  const print = (operation: Operation) => session.printOperationLine(operation);
  return followOperation(session, name, {
    running: print,
    trouble: (text) => tellTrouble(session, text),
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
  const telling = tellingAvailability(session.client, (available) =>
    tellTrouble(session, available ? undefined : AWAY),
  );
  await untilEnded(session, async (signal) => {
    // Who got the address wrong is to hear of it; later on, a server may be away.
    await look(session.client, signal);
    for (;;) {
      await sleep(intervalMs, undefined, { signal });
      await look(telling, signal).catch((error) => {
        if (!isAway(error)) throw error;
      });
    }
  });
  return ExitCode.SUCCEEDED;
}

/** Until Ctrl-C or `--timeout`, neither of which is an error here: there is no end to be missed. */
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

function tellTrouble({ terminal }: Session, text: string | undefined): void {
  if (text !== undefined) terminal.stderr.write(`${text}\n`);
}

/** Of one listing after another: what is new, and what has changed. */
export class ChangedOperations {
  #known: ReadonlyMap<string, Buffer> = new Map();

  /** Those of a listing, newest first, that the one before it had not, or had otherwise; oldest first. */
  of(listing: readonly Operation[]): Operation[] {
    const before = this.#known;
    const states = listing.map((operation) => [operation.name, bytesOf(operation)] as const);
    // What is no longer listed is forgotten.
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
