import { describe, expect, it } from '@jest/globals';
import { ExportReportResponse, ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { Empty } from '../../generated/google/protobuf/empty.js';
import { pack } from '../../src/core/any.js';
import { snapshotOf } from '../../src/core/operation.js';
import { operationMethod } from '../../src/core/operation-method.js';
import { Code } from '../../src/core/status.js';

const { exportReport } = ReportsOperations;
const metadata = pack(ReportMetadata, ReportMetadata.fromPartial({ progressPercent: 5 }));
const response = pack(ExportReportResponse, { uri: 'here', rowCount: 1 });

function operation(part: Partial<Operation>): Operation {
  return { ...Operation.fromPartial({ name: 'operations/1' }), ...part };
}

function failed(code: number): Operation {
  return operation({ done: true, result: { $case: 'error', value: { code, message: 'why', details: [] } } });
}

describe('snapshot', () => {
  it('not done: running, with metadata of the method', () => {
    const message = operation({ metadata });
    const snapshot = snapshotOf(message, exportReport);
    expect(snapshot).toMatchObject({ state: 'running', name: 'operations/1', operation: message });
    expect(snapshot.metadata).toMatchObject({ progressPercent: 5 });
    expect(snapshotOf(message).metadata).toEqual(metadata);
    expect(snapshotOf(operation({}), exportReport).metadata).toBeUndefined();
  });

  it('done with a response: succeeded', () => {
    const message = operation({ done: true, result: { $case: 'response', value: response } });
    expect(snapshotOf(message, exportReport)).toMatchObject({
      state: 'succeeded',
      response: { uri: 'here' },
    });
    expect(snapshotOf(message)).toMatchObject({ state: 'succeeded', response });
  });

  it('done with neither: succeeded without a response (contract 2)', () => {
    const message = operation({ done: true });
    expect(snapshotOf(message)).toMatchObject({ state: 'succeeded', response: pack(Empty, {}) });
    expect(snapshotOf(message, exportReport)).toMatchObject({
      state: 'succeeded',
      response: { uri: '', rowCount: 0 },
    });
  });

  it('error code 1: cancelled; any other: failed (contract 11)', () => {
    expect(snapshotOf(failed(Code.CANCELLED))).toMatchObject({ state: 'cancelled', error: { code: 1 } });
    expect(snapshotOf(failed(Code.INTERNAL))).toMatchObject({
      state: 'failed',
      error: { code: 13, message: 'why' },
    });
    expect(snapshotOf(failed(Code.OK))).toMatchObject({ state: 'failed', error: { code: Code.UNKNOWN } });
  });

  it('with a wrong type: reading that field throws, other fields stay readable (contract 41)', () => {
    const message = operation({
      done: true,
      metadata: response,
      result: { $case: 'response', value: metadata },
    });
    const snapshot = snapshotOf(message, exportReport);
    expect(snapshot.state).toBe('succeeded');
    expect(snapshot.name).toBe('operations/1');
    expect(() => snapshot.metadata).toThrow(TypeError);
    expect(() => snapshot.state === 'succeeded' && snapshot.response).toThrow(TypeError);
  });
});

describe('operationMethod', () => {
  it.each(['', 'a.B/C', '/a.B', '/a.B/', '//C', '/a/b/c', '/a b/C'])('rejects the path "%s"', (path) => {
    expect(() => operationMethod({ ...exportReport, path })).toThrow('/package.Service/Method');
  });
});
