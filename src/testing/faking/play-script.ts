import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../../core/clock.js';
import { type LinkedSignal, onAbort, sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import type { RunContext } from '../../server/index.js';
import type { MethodScript } from '../script/script.js';
import type { OnCancel } from './cancel-behavior.js';

/**
 * Does the work of one operation as its script has it.
 *
 * @returns the response, undefined for the standard one; throws the scripted error, or the reason of the signal once that is heeded.
 */
export async function playScript(
  { durationMs, onCancel, steps, ending }: MethodScript,
  { signal, update }: Pick<RunContext<Message>, 'signal' | 'update'>,
  clock: Clock,
): Promise<object | undefined> {
  const heeded = heed(signal, onCancel, clock);
  try {
    let nowMs = 0;
    for (const { atMs, metadata } of steps.filter((step) => step.atMs <= durationMs)) {
      await sleep(atMs - nowMs, heeded.signal, clock);
      nowMs = atMs;
      await update(metadata);
    }
    await sleep(durationMs - nowMs, heeded.signal, clock);
  } finally {
    heeded[Symbol.dispose]();
  }
  switch (ending.type) {
    case 'response':
      return ending.response;
    case 'error':
      throw ending.error;
    case 'standard':
      return undefined;
  }
}

/** A signal that aborts when the work is to end: on cancellation as the script says, at once when the server stops. */
function heed(signal: AbortSignal, onCancel: OnCancel, clock: Clock): LinkedSignal {
  const controller = new AbortController();
  let stopTimer = () => {};
  const stopListening = onAbort(signal, (reason) => {
    const delayMs = StatusError.from(reason).code === Code.CANCELLED ? delayOf(onCancel) : 0;
    if (delayMs === 0) controller.abort(reason);
    else if (delayMs !== undefined) stopTimer = clock.setTimer(() => controller.abort(reason), delayMs);
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      stopListening();
      stopTimer();
    },
  };
}

/** How long after its request a cancellation takes effect; undefined when it never does. */
export function delayOf(onCancel: OnCancel): number | undefined {
  switch (onCancel) {
    case 'honour':
      return 0;
    case 'ignore':
    case 'unimplemented':
      return undefined;
  }
  return onCancel.afterMs;
}
