import type { OperationView } from '../../../src/cli/output/operation-json.js';

const name = 'projects/p/locations/l/operations/a1';
const metadata = {
  '@type': 'type.googleapis.com/example.reports.v1.ReportMetadata',
  progressPercent: 40,
  createTime: '2026-01-02T03:04:05.678Z',
};

export const running: OperationView = { state: 'running', json: { name, metadata } };

export const cancelling: OperationView = {
  state: 'running',
  json: { name, metadata: { ...metadata, cancelRequested: true } },
};

export const succeeded: OperationView = {
  state: 'succeeded',
  json: {
    name,
    done: true,
    metadata: { ...metadata, endTime: '2026-01-02T03:04:06Z' },
    response: {
      '@type': 'type.googleapis.com/example.reports.v1.ExportReportResponse',
      uri: 'gs://b/r.csv',
      rows: { total: '12' },
      parts: ['a', 'b'],
    },
  },
};

export const failed: OperationView = {
  state: 'failed',
  json: {
    name,
    done: true,
    error: {
      code: 9,
      message: 'report is locked',
      details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'LOCKED' }],
    },
  },
};

export const cancelled: OperationView = {
  state: 'cancelled',
  json: {
    name,
    done: true,
    error: { code: 1, message: 'operation was cancelled' },
  },
};
