import type { Socket } from 'node:net';

const listenersOf = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `listener` when the connection closes. Returns a function that unsubscribes.
 *
 * With pipelining many requests wait on one connection. Node reports its end only to the request whose turn it
 * is, and one socket listener per request would exceed the listener limit.
 */
export function onDisconnect(socket: Socket, listener: () => void): () => void {
  const listeners = listenersOf.get(socket) ?? watch(socket);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function watch(socket: Socket): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(socket, listeners);
  socket.once('close', () => {
    for (const listener of listeners) listener();
  });
  return listeners;
}
