import { setImmediate as nextTurn } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

/** The real process. Tests see a copy by Jest. */
const machine: NodeJS.Process = runInThisContext('process');

/** Exceptions and rejections that would have ended the process. */
export interface ProcessFaults extends Disposable {
  /** Returns faults since the last call, after all pending callbacks have run. */
  take(): Promise<readonly unknown[]>;
}

/** Collects unhandled errors. Jest would report only some of them, without their cause. */
export function processFaults(): ProcessFaults {
  let faults: unknown[] = [];
  const note = (fault: unknown) => faults.push(fault);
  const others = machine.listeners('uncaughtException');
  machine.removeAllListeners('uncaughtException');
  const rejectionOthers = machine.listeners('unhandledRejection');
  machine.removeAllListeners('unhandledRejection');
  machine.on('uncaughtException', note).on('unhandledRejection', note);
  return {
    async take() {
      for (let turn = 0; turn < 3; turn++) await nextTurn();
      const taken = faults;
      faults = [];
      return taken;
    },
    [Symbol.dispose]() {
      machine.off('uncaughtException', note).off('unhandledRejection', note);
      for (const listener of others) machine.on('uncaughtException', listener);
      for (const listener of rejectionOthers) machine.on('unhandledRejection', listener);
    },
  };
}
