import 'longrunning/testing/jest';
import { OperationFailedError, StatusError } from 'longrunning';
import { EXPECTED, story } from './story';

it('runs', async () => {
  expect(await story()).toEqual(EXPECTED);
}, 120_000);

it('has matchers', () => {
  const operation = {
    name: 'operations/1',
    done: true,
    error: { code: 1, message: 'cancelled', details: [] },
  };
  expect(operation).toBeCancelled();
  expect(operation).not.toHaveFailedWith('NOT_FOUND');
  expect(OperationFailedError.prototype).toBeInstanceOf(StatusError);
});
