import { describe, expect, it } from '@jest/globals';
import { nodeTooOld } from '../../src/cli/node-version.js';

describe('nodeTooOld', () => {
  it.each(['20.20.2', '22.12.0', '22.1.0', '8.0.0'])('Node.js %s is too old: returns one line', (version) => {
    expect(nodeTooOld(version, '>=22.13')).toBe(
      `longrunning: Node.js ${version} is too old: use Node.js 22.13 or newer`,
    );
  });

  it.each(['22.13.0', '22.20.1', '24.0.0', '100.0.0'])('Node.js %s is supported', (version) => {
    expect(nodeTooOld(version, '>=22.13')).toBeUndefined();
  });
});
