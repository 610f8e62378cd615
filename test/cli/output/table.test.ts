import { describe, expect, it } from '@jest/globals';
import { operationTable } from '../../../src/cli/output/table.js';
import { cancelled, cancelling, failed, succeeded } from './operations.js';

describe('operationTable', () => {
  it('one line for each operation, in columns', () => {
    const short = { ...cancelled, json: { ...cancelled.json, name: 'operations/b2' } };
    expect(operationTable([cancelling, succeeded, failed, short]).split('\n')).toEqual([
      'NAME                                  STATE      CREATED               ENDED                 DETAIL',
      'projects/p/locations/l/operations/a1  running    2026-01-02T03:04:05Z  -                     40 %, cancellation requested',
      'projects/p/locations/l/operations/a1  succeeded  2026-01-02T03:04:05Z  2026-01-02T03:04:06Z',
      'projects/p/locations/l/operations/a1  failed     -                     -                     FAILED_PRECONDITION: report is locked',
      'operations/b2                         cancelled  -                     -',
    ]);
  });
});
