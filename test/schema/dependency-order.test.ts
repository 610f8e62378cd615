import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dependencyOrder } from '../../src/schema/file-registry.js';

describe('dependencyOrder', () => {
  it('puts every node into one group, and each group after the groups it refers to', () => {
    const node = fc.nat({ max: 9 });
    fc.assert(
      fc.property(
        fc.array(fc.array(node, { maxLength: 4 }), { minLength: 10, maxLength: 10 }),
        (references) => {
          const groups = dependencyOrder(references.keys(), (from) => references[from] ?? []);
          expect(groups.flat().toSorted()).toEqual([...references.keys()]);
          const groupOf = (of: number) => groups.findIndex((group) => group.includes(of));
          for (const [from, targets] of references.entries()) {
            for (const to of targets) expect(groupOf(to)).toBeLessThanOrEqual(groupOf(from));
          }
        },
      ),
    );
  });

  it('groups only nodes in a cycle', () => {
    const references: Record<string, string[]> = { a: ['b'], b: ['c', 'd'], c: ['b'], d: [] };
    const groups = dependencyOrder(Object.keys(references), (from) => references[from] ?? []);
    expect(groups.map((group) => group.toSorted())).toEqual([['d'], ['b', 'c'], ['a']]);
  });
});
