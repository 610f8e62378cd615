import type { Socket } from 'node:net';
import { ConnectionMemory, type MemoryLimits } from '../../core/held-memory.js';

const memories = new WeakMap<Socket, ConnectionMemory>();

/** Memory held for the peer of an HTTP/1.1 connection. */
export function memoryOf(socket: Socket, limits: MemoryLimits): ConnectionMemory {
  const known = memories.get(socket);
  if (known) return known;
  const memory = new ConnectionMemory(limits, () => socket.destroy());
  socket.once('close', () => memory.close());
  memories.set(socket, memory);
  return memory;
}
