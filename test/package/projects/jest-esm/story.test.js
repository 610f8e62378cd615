import { expect, it } from '@jest/globals';
import { OperationFailedError } from 'longrunning';
import 'longrunning/testing/jest';
import { EXPECTED, story } from './plain-story.mjs';

it('runs', async () => {
  expect(await story()).toEqual(EXPECTED);
}, 120_000);

it('has matchers', () => {
  expect({
    name: 'operations/1',
    done: true,
    error: { code: 1, message: 'cancelled', details: [] },
  }).toBeCancelled();
  expect(OperationFailedError.name).toBe('OperationFailedError');
});
