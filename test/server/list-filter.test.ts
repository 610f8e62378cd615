import { describe, expect, it } from '@jest/globals';
import { ExportReportResponse } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { implement } from '../../src/server/index.js';
import { ListFilters } from '../../src/server/service/list-filter.js';
import type { ListedOperation } from '../../src/stores/contract/operation-store.js';

const { exportReport } = ReportsOperations;
const reports = implement(exportReport, { run: () => ({}) });
/** Another method, whose response has a field of the same name. */
const copies = implement(
  { ...exportReport, path: '/acme.Copies/Copy', response: { ...ExportReportResponse, $type: 'acme.Copy' } },
  { run: () => ({}) },
);
const FILTER = 'response.uri = "a"';

function done(type: string): ListedOperation {
  const value = Buffer.from(
    ExportReportResponse.encode(ExportReportResponse.fromPartial({ uri: 'a' })).finish(),
  );
  const response = { typeUrl: `type.googleapis.com/${type}`, value };
  return {
    name: 'operations/1',
    createTime: 0,
    endTime: 1,
    metadata: undefined,
    result: { $case: 'response', value: response },
  };
}

describe('ListFilters', () => {
  it('parses a filter once, however often it is used', () => {
    const filters = new ListFilters([reports]);
    expect(filters.read(FILTER)).toBe(filters.read(FILTER));
  });

  it('parses a filter again after types were added (contract 29)', () => {
    const filters = new ListFilters([reports]);
    const matching = () =>
      ['example.reports.v1.ExportReportResponse', 'acme.Copy'].filter((type) =>
        filters.read(FILTER).matches?.(done(type)),
      );
    expect(matching()).toEqual(['example.reports.v1.ExportReportResponse']);
    filters.add(copies);
    expect(matching()).toEqual(['example.reports.v1.ExportReportResponse', 'acme.Copy']);
  });

  it('rejects an invalid filter each time', () => {
    const filters = new ListFilters([]);
    for (let time = 0; time < 2; time++) {
      expect(() => filters.read('size > 3')).toThrow('no such field');
    }
  });
});
