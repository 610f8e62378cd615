import { describe, expect, it } from '@jest/globals';
import { OperationTable } from '../../../src/cli/output/table.js';
import { cancelled, cancelling, failed, succeeded } from './operations.js';

describe('OperationTable', () => {
  it('one line for each operation, in columns', () => {
    const short = { ...cancelled, json: { ...cancelled.json, name: 'operations/b2' } };
    expect(new OperationTable().rows([cancelling, succeeded, failed, short]).split('\n')).toEqual([
      'NAME                                  STATE      CREATED               ENDED                 DETAIL',
      'projects/p/locations/l/operations/a1  running    2026-01-02T03:04:05Z  -                     40 %, cancellation requested',
      'projects/p/locations/l/operations/a1  succeeded  2026-01-02T03:04:05Z  2026-01-02T03:04:06Z',
      'projects/p/locations/l/operations/a1  failed     -                     -                     FAILED_PRECONDITION: report is locked',
      'operations/b2                         cancelled  -                     -',
    ]);
  });

  it('the next page: no head, in the same columns, wider where it has to be', () => {
    const table = new OperationTable();
    const short = { ...cancelled, json: { ...cancelled.json, name: 'operations/b2' } };
    table.rows([short]);
    expect(table.rows([short])).toBe('operations/b2  cancelled  -        -');
    expect(table.rows([succeeded, short]).split('\n')).toEqual([
      'projects/p/locations/l/operations/a1  succeeded  2026-01-02T03:04:05Z  2026-01-02T03:04:06Z',
      'operations/b2                         cancelled  -                     -',
    ]);
  });
});
