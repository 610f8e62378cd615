import { setImmediate as nextTurn } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

/** The process itself; the one that tests know by this name is a copy of Jest's. */
const machine: NodeJS.Process = runInThisContext('process');

/** Exceptions and rejections that would have ended the process. */
export interface ProcessFaults extends Disposable {
  /** Those since the last call, once all callbacks that are due have run. */
  take(): Promise<readonly unknown[]>;
}

/** Collects what nobody handled. Jest would count only some of it, and not say what caused it. */
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
