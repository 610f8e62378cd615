import { describe, expect, it } from '@jest/globals';
import { contain, Listeners, notPromised } from '../../src/core/contain.js';
import { processFaults } from '../helpers/process-faults.js';

describe('contain', () => {
  it('returns results, and undefined if the call throws', () => {
    const failures: unknown[] = [];
    const note = (failure: unknown) => failures.push(failure);
    expect(contain(() => 5, note)).toBe(5);
    expect(
      contain(() => {
        throw 'thrown';
      }, note),
    ).toBeUndefined();
    expect(failures).toEqual(['thrown']);
  });

  it('reports rejections and still returns the promise', async () => {
    using faults = processFaults();
    const failures: unknown[] = [];
    const rejected = Promise.reject('rejected');
    expect(
      contain(
        () => rejected,
        (failure) => failures.push(failure),
      ),
    ).toBe(rejected);
    expect(await faults.take()).toEqual([]);
    expect(failures).toEqual(['rejected']);
  });
});

describe('notPromised', () => {
  it('returns values and rejects promises, however they settle', async () => {
    using faults = processFaults();
    expect(notPromised('id', 'newId')).toBe('id');
    expect(() => notPromised(Promise.reject('lost'), 'newId')).toThrow(
      'newId is a promise: return the value',
    );
    expect(await faults.take()).toEqual([]);
  });
});

describe('Listeners', () => {
  it('notifies all except removed ones, even if one throws or rejects', async () => {
    using faults = processFaults();
    const failures: unknown[] = [];
    const told: unknown[] = [];
    const listeners = new Listeners<[value: number]>((failure) => failures.push(failure));
    listeners.add(() => {
      throw 'thrown';
    });
    listeners.add(() => Promise.reject('rejected'));
    const remove = listeners.add((value) => told.push(value));
    listeners.notify(1);
    remove();
    listeners.notify(2);
    expect(await faults.take()).toEqual([]);
    expect({ told, size: listeners.size }).toEqual({ told: [1], size: 2 });
    expect(failures).toEqual(['thrown', 'thrown', 'rejected', 'rejected']);
    listeners.clear();
    expect(listeners.size).toBe(0);
  });
});
