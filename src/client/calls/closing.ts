import { onAbort } from '../../signals.js';

type Listener = (reason: unknown) => void;

const listening = new WeakMap<AbortSignal, Set<Listener>>();

/**
 * Calls `listener` when the signal aborts that ends a whole client; the function returned unsubscribes. As
 * `onAbort`, but made for thousands of listeners: an event target looks through them all for each one it is given.
 */
export function onClosed(closed: AbortSignal | undefined, listener: Listener): () => void {
  if (!closed) return () => {};
  if (closed.aborted) return onAbort(closed, listener);
  const listeners = listening.get(closed) ?? listenTo(closed);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function listenTo(closed: AbortSignal): Set<Listener> {
  const listeners = new Set<Listener>();
  listening.set(closed, listeners);
  onAbort(closed, (reason) => {
    for (const listener of listeners) listener(reason);
  });
  return listeners;
}
