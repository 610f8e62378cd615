import type { Socket } from 'node:net';

const listenersOf = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `listener` when the connection is closed; the function returned takes that back.
 *
 * With pipelining many requests wait on one connection. Node tells of its end only the one whose turn it is, and
 * a listener of each at the socket would be too many.
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
