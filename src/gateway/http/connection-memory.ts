import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ConnectionMemory, MemoryHolder, type MemoryLimits } from '../../core/held-memory.js';
import type { CheckedLimits } from './limits.js';

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

/**
 * Counts the memory of a written response until the client has read it. A client that reads nothing for the
 * arrival time loses its connection.
 */
export function holdUntilTaken(
  response: ServerResponse,
  socket: Socket,
  bytes: number,
  limits: CheckedLimits,
): void {
  const isTaken = response.socket !== null && socket.writableLength === 0;
  if (isTaken || socket.destroyed) return;
  const memory = memoryOf(socket, limits);
  const answer = new UntakenAnswer(memory);
  memory.hold(answer, bytes);
  response.once('close', () => memory.release(answer));
  // Node destroys the connection if nothing is sent for that long. It sets a timeout itself once the response is
  // sent.
  socket.setTimeout(limits.arrivalMs);
  response.prependOnceListener('finish', () => socket.setTimeout(0));
}

class UntakenAnswer extends MemoryHolder {
  /** A response that has begun cannot be taken back. */
  override shed(): void {
    this.memory.cut();
  }
}
