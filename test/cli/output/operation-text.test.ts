import { describe, expect, it } from '@jest/globals';
import { operationBlock } from '../../../src/cli/output/operation-text.js';
import { cancelled, cancelling, failed, running, succeeded } from './operations.js';

const lines = (operation: Parameters<typeof operationBlock>[0]) => operationBlock(operation).split('\n');

describe('operationBlock', () => {
  it('running: name, state and progress, then the metadata', () => {
    expect(lines(running)).toEqual([
      'operation  projects/p/locations/l/operations/a1',
      'state      running (40 %)',
      'metadata   ReportMetadata',
      '  progressPercent  40',
      '  createTime       2026-01-02T03:04:05.678Z',
    ]);
  });

  it('requested cancellation is part of the state', () => {
    expect(lines(cancelling)).toContain('state      running (40 %, cancellation requested)');
  });

  it('succeeded: every field of the response, by path', () => {
    expect(lines(succeeded).slice(-4)).toEqual([
      'response   ExportReportResponse',
      '  uri         gs://b/r.csv',
      '  rows.total  12',
      '  parts       ["a","b"]',
    ]);
  });

  it('failed: the error with its details', () => {
    expect(lines(failed).slice(1)).toEqual([
      'state      failed',
      'error      FAILED_PRECONDITION (9): report is locked',
      '  detail     ErrorInfo',
      '    reason     LOCKED',
    ]);
  });

  it('cancelled: a separate state', () => {
    expect(lines(cancelled).slice(1)).toEqual([
      'state      cancelled',
      'error      CANCELLED (1): operation was cancelled',
    ]);
  });

  it('control characters from a server do not reach the terminal', () => {
    const block = operationBlock({
      state: 'failed',
      json: { name: 'operations/\u001b[2J', done: true, error: { code: 2, message: 'one\ntwo\u009b' } },
    });
    expect(block).toContain('operations/\\u001b[2J');
    expect(block).toContain('one two\\u009b');
  });
});
