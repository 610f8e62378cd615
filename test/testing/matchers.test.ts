import { describe, expect, it } from '@jest/globals';
import 'longrunning/testing/jest';
import { Code, StatusError } from '../../src/core/status.js';
import { expectCancelled, expectFailedWith, expectSucceededWith } from '../../src/testing/index.js';

const cancelled = { name: 'operations/1', done: true, error: { code: 1, message: 'cancelled' } };
const failed = {
  name: 'operations/1',
  done: true,
  result: { $case: 'error', value: { code: 5, message: 'none', details: [] } },
};
const succeeded = {
  state: 'succeeded',
  response: { uri: 'file:///r', rows: [1, 2], bytes: Buffer.from('x') },
};
const running = { name: 'operations/1', done: false };

describe('matchers', () => {
  it('recognize the outcome in every representation of an operation', async () => {
    for (const form of [
      cancelled,
      { state: 'cancelled' },
      { latestResponse: { ...cancelled, result: 'error' } },
      new StatusError(Code.CANCELLED, 'x'),
      Object.assign(new Error('x'), { code: 1, details: 'x', metadata: { get: () => [] } }),
    ]) {
      expect(form).toBeCancelled();
      expect(form).not.toHaveFailedWith('NOT_FOUND');
    }
    expect(failed).toHaveFailedWith('NOT_FOUND');
    expect(failed).toHaveFailedWith(Code.NOT_FOUND);
    expect({ state: 'failed', error: new StatusError(Code.ABORTED, 'x') }).toHaveFailedWith('ABORTED');
    expect({ latestResponse: { done: true, result: 'response' }, result: { a: 1 } }).toHaveSucceededWith({
      a: 1,
    });
    await expect(Promise.reject(new StatusError(Code.ABORTED, 'x'))).rejects.toHaveFailedWith('ABORTED');
  });

  it('accept a response with additional fields, and asymmetric matchers in the expectation', () => {
    expect(succeeded).toHaveSucceededWith({ uri: 'file:///r' });
    expect(succeeded).toHaveSucceededWith({ uri: expect.stringMatching(/^file/), bytes: Buffer.from('x') });
    expect(succeeded).not.toHaveSucceededWith({ uri: 'file:///q' });
    expect(succeeded).not.toHaveSucceededWith({ rows: [1] });
    expect(succeeded).not.toBeCancelled();
  });

  it.each([
    ['a number', 10],
    ['a bigint', 10n],
    ['a numeric string', '10'],
    ['a Long', { low: 10, high: 0, unsigned: false }],
  ])('compare numbers in every representation that generators use: %s', (_, totalCharacters) => {
    const outcome = { state: 'succeeded', response: { totalCharacters, nested: [{ totalCharacters }] } };
    for (const expected of [10, 10n, '10', { low: 10, high: 0, unsigned: true }]) {
      expect(outcome).toHaveSucceededWith({ totalCharacters: expected });
      expect(outcome).toHaveSucceededWith({ nested: [{ totalCharacters: expected }] });
    }
    for (const other of [11, -10, 10.5, 10n ** 20n, '010', '1e1', ' 10', '', true, null, [10]]) {
      expect(outcome).not.toHaveSucceededWith({ totalCharacters: other });
    }
  });

  it.each([
    [-1, { low: -1, high: -1, unsigned: false }],
    [18446744073709551615n, { low: -1, high: -1, unsigned: true }],
    [-9223372036854775808n, { low: 0, high: -2147483648, unsigned: false }],
    [9007199254740993n, { low: 1, high: 2097152, unsigned: false }],
    [1.5, '1.5'],
  ])('compare %s with %j', (expected, value) => {
    expect({ state: 'succeeded', response: { value } }).toHaveSucceededWith({ value: expected });
  });

  it('treat text as a number only if a number is expected', () => {
    expect({ state: 'succeeded', response: { id: '10' } }).not.toHaveSucceededWith({ id: '10.0' });
    expect({ state: 'succeeded', response: { id: 10 } }).toHaveSucceededWith({ id: '10' });
  });

  it('recognize the outcome in the representations of other generators', () => {
    const error = { code: 5, message: 'none', details: [] };
    for (const form of [
      { name: 'operations/1', done: true, error, result: 'error' },
      { name: 'operations/1', done: true, result: { case: 'error', value: error } },
      { name: 'operations/1', done: true, result: { $case: 'error', error } },
      [null, null, { name: 'operations/1', done: true, error }],
    ]) {
      expect(form).toHaveFailedWith('NOT_FOUND');
    }
    const contradiction = { name: 'operations/1', done: true, result: 'error' };
    expect(() => expectSucceededWith(contradiction, {})).toThrow(TypeError);
  });

  it('report expected and received values, also as functions', () => {
    expect(() => expect(failed).toBeCancelled()).toThrow(
      'expected the operation to have been cancelled, but it failed with NOT_FOUND: none',
    );
    expect(() => expect(cancelled).not.toBeCancelled()).toThrow(
      'not to have been cancelled, but it was cancelled',
    );
    expect(() => expectCancelled(running)).toThrow('but it has not ended: await its end first');
    expect(() => expectSucceededWith(cancelled, {})).toThrow(
      'to have succeeded with {}, but it was cancelled',
    );
    expect(() => expectFailedWith(succeeded, 'ABORTED')).toThrow("but it succeeded with { uri: 'file:///r'");
    expect(() => expectCancelled('operations/1')).toThrow(
      /operations\/1 is not an operation: pass an outcome/,
    );
    expectCancelled(cancelled);
  });
});
