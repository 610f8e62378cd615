import { globSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MUTATION_AREAS } from '../../scripts/mutation-areas.js';

describe.each(Object.entries(MUTATION_AREAS))('mutation area %s', (_name, { mutate, testFiles }) => {
  it.each([...mutate, ...testFiles])('%s › matches files', (pattern) => {
    expect(globSync(pattern)).not.toEqual([]);
  });
});
