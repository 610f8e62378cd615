import { describe, it } from '@jest/globals';
import { storeConformance } from '../../src/conformance/index.js';
import { memoryStore } from '../../src/stores/memory/memory-store.js';

describe('memory store', () => {
  for (const { name, run } of storeConformance({ open: memoryStore })) it(name, run);
});
