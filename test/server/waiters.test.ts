import { describe, expect, it } from '@jest/globals';
import { Waiters } from '../../src/server/service/waiters.js';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';

const fail = (error: unknown) => {
  throw error;
};

/** A store of which a test says what changed. */
function watchedStore() {
  const listeners = new Set<(name?: string) => void>();
  const store: OperationStore = Object.assign(memoryStore(), {
    watch(listener: (name?: string) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const changed = (name?: string) => {
    for (const listener of listeners) listener(name);
  };
  return { store, changed, listeners };
}

describe('waiters', () => {
  it('wakes the waits for that operation, and all waits if changes may have been missed (contract 24)', () => {
    const { store, changed } = watchedStore();
    const waiters = new Waiters(store, fail);
    const woken: string[] = [];
    waiters.subscribe('a', () => woken.push('a1'));
    waiters.subscribe('a', () => woken.push('a2'));
    waiters.subscribe('b', () => woken.push('b'));
    changed('a');
    changed('c');
    expect(woken).toEqual(['a1', 'a2']);
    changed();
    expect(woken).toEqual(['a1', 'a2', 'a1', 'a2', 'b']);
  });

  it('removes cancelled waits, and the operation with the last of them (contract 24)', () => {
    const { store, changed } = watchedStore();
    const waiters = new Waiters(store, fail);
    const woken: string[] = [];
    const first = waiters.subscribe('a', () => woken.push('first'));
    const second = waiters.subscribe('a', () => woken.push('second'));
    first();
    changed('a');
    expect(waiters.size).toBe(1);
    second();
    second();
    expect(waiters.size).toBe(0);
    const third = waiters.subscribe('a', () => woken.push('third'));
    first();
    second();
    changed('a');
    expect(woken).toEqual(['second', 'third']);
    third();
    expect(waiters.size).toBe(0);
  });

  it('allows listeners to unsubscribe and wait again immediately', () => {
    const { store, changed } = watchedStore();
    const waiters = new Waiters(store, fail);
    let count = 0;
    const again = () => {
      count++;
      stop();
      stop = waiters.subscribe('a', again);
    };
    let stop = waiters.subscribe('a', again);
    changed('a');
    changed('a');
    expect(count).toBe(2);
  });

  it('has one subscription to the store, and none after close', () => {
    const { store, listeners } = watchedStore();
    const waiters = new Waiters(store, fail);
    for (let count = 0; count < 10; count++) waiters.subscribe('a', () => {});
    expect(listeners.size).toBe(1);
    waiters.close();
    expect(listeners.size).toBe(0);
  });
});
