import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { progressOf } from '../../../src/cli/output/progress.js';

describe('progressOf', () => {
  it.each<[string, Record<string, unknown>, number]>([
    ['ProtoJSON', { progressPercent: 40 }, 40],
    ['proto field names', { progress_percent: 40 }, 40],
    ['the other common name', { progressPercentage: 12.5 }, 12.5],
    ['the other common name, as in the proto', { progress_percentage: 12.5 }, 12.5],
    ['a 64-bit number', { progressPercent: '40' }, 40],
    ['none yet', { progressPercent: 0 }, 0],
    ['more than 100', { progressPercent: 140 }, 100],
    ['less than 0', { progressPercent: -3 }, 0],
    ['done and total', { done: 3, total: 4 }, 75],
    ['done and total, 64 bits', { done: '3000000000', total: '4000000000' }, 75],
    ['completed and total', { completed: 1, total: 8 }, 12.5],
    ['counts', { done_count: 1, total_count: 2 }, 50],
    ['more done than the total', { done: 5, total: 4 }, 100],
    ['Spanner', { progress: { progressPercent: 30, startTime: '2026-01-02T03:04:05Z' } }, 30],
    ['Spanner, by statement', { statements: ['a', 'b'], progress: [{ progressPercent: 100 }, {}] }, 50],
    ['Firestore', { progressDocuments: { completedWork: '20', estimatedWork: '80' } }, 25],
    ['Datastore', { progressEntities: { workCompleted: '20', workEstimated: '80' } }, 25],
    ['Video Intelligence', { annotationProgress: [{ progressPercent: 20 }, { progressPercent: 40 }] }, 30],
    ['generic metadata', { genericMetadata: { progressPercentage: 7 } }, 7],
    ['a Struct', { '@type': 'google.protobuf.Struct', value: { done: 1, total: 2 } }, 50],
    ['outer fields take precedence', { progress: { progressPercent: 1 }, done: 1, total: 2 }, 50],
  ])('%s: %j is %d %%', (_, metadata, percent) => {
    expect(progressOf(metadata)).toBe(percent);
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing', {}],
    ['not a number', { progressPercent: 'NaN' }],
    ['words', { progressPercent: 'half' }],
    ['null', { progressPercent: null, progress: null }],
    ['a total of 0', { done: 0, total: 0 }],
    ['a total alone, which may be of anything', { total: 5 }],
    ['done without a total', { done: true }],
    ['progress of something else', { cluster: { done: 1, total: 2 } }],
    ['steps without progress', { progress: [{}, {}] }],
    ['bytes of an unknown type', { '@type': 'x', value: 'AAAA' }],
  ])('%s: %j has no progress', (_, metadata) => {
    expect(progressOf(metadata)).toBeUndefined();
  });

  it('any input: undefined, or from 0 to 100', () => {
    const key = fc.constantFrom('progressPercent', 'done', 'total', 'progress', 'value', 'x');
    const values = [fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.bigInt().map(String)];
    const message = fc.object({ key, values, maxDepth: 4 });
    fc.assert(
      fc.property(message, (metadata) => {
        const percent = progressOf(metadata as Record<string, unknown>) ?? 0;
        expect(percent >= 0 && percent <= 100).toBe(true);
      }),
    );
  });
});
