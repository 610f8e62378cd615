import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../../core/clock.js';
import { type LinkedSignal, onAbort, sleep } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import type { RunContext } from '../../server/index.js';
import type { ParsedMethodScript } from '../script/script.js';
import type { OnCancel } from '../script/script-source.js';

/**
 * Plays the script of one operation.
 *
 * @returns the response, or undefined for the standard response. Throws the scripted error, or the signal's
 * reason once the script reacts to it.
 */
export async function playScript(
  { durationMs, onCancel, steps, ending }: ParsedMethodScript,
  { signal, update }: Pick<RunContext<Message>, 'signal' | 'update'>,
  clock: Clock,
): Promise<object | undefined> {
  const cancellation = scriptedCancellation(signal, onCancel, clock);
  try {
    let nowMs = 0;
    for (const { atMs, metadata } of steps.filter((step) => step.atMs <= durationMs)) {
      await sleep(atMs - nowMs, cancellation.signal, clock);
      nowMs = atMs;
      await update(metadata);
    }
    await sleep(durationMs - nowMs, cancellation.signal, clock);
  } finally {
    cancellation[Symbol.dispose]();
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

/**
 * Creates a signal that aborts when the work must end: at once if the server stops, after the scripted delay if
 * cancelled.
 */
function scriptedCancellation(signal: AbortSignal, onCancel: OnCancel, clock: Clock): LinkedSignal {
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

/** Milliseconds between a cancel request and its effect. Undefined if it never takes effect. */
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
