import { operationMatchers } from 'longrunning/testing';
import { expect, it } from 'vitest';
import { EXPECTED, story } from './story';

expect.extend(operationMatchers);

it('runs', async () => {
  expect(await story()).toEqual(EXPECTED);
}, 120_000);
