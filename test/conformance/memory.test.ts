import { describe, it } from '@jest/globals';
import { memoryStore } from '../../src/stores/memory.js';
import { storeConformance } from '../../src/testing/index.js';

describe('memory store', () => {
  for (const { name, run } of storeConformance({ open: memoryStore })) it(name, run);
});
