require('longrunning/testing/jest');

it('has matchers', () => {
  expect({
    name: 'operations/1',
    done: true,
    error: { code: 1, message: 'cancelled', details: [] },
  }).toBeCancelled();
});
