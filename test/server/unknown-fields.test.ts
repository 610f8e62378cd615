import { describe, expect, it } from '@jest/globals';
import { Operation } from '../../generated/google/longrunning/operations.js';
import { startReportsServer } from '../../src/conformance/reports-server.js';
import { messageFrom, UnknownFieldError } from '../../src/core/known-fields.js';
import { Code } from '../../src/core/status.js';

describe('unknown fields', () => {
  const misspelt = { progressPercent: 1, percent: 2 } as object;

  it.each<[string, Parameters<typeof startReportsServer>[0] & {}, string]>([
    [
      'of a response end the operation with INTERNAL',
      { exportReport: { run: () => ({ uri: 'a', rowcount: 3 }) as object } },
      'response of /example.reports.v1.Reports/ExportReport has field rowcount, which example.reports.v1.ExportReportResponse does not have: did you mean rowCount?',
    ],
    [
      'of an update end the operation with INTERNAL, unless the work handles the error',
      { exportReport: { run: (_, { update }) => update(misspelt).then(() => ({})) } },
      'metadata given to update of /example.reports.v1.Reports/ExportReport has field percent, which example.reports.v1.ReportMetadata does not have: remove or correct it',
    ],
  ])('%s', async (_what, options, cause) => {
    await using server = await startReportsServer(options);
    const { name } = await server.overGrpc.exportReport();
    const { result } = await server.overGrpc.operations.waitOperation({ name });
    expect(result).toMatchObject({
      $case: 'error',
      value: {
        code: Code.INTERNAL,
        message: 'internal error in example.reports.v1.Reports/ExportReport: see the log of the server',
      },
    });
    const causes = server.logged.map(({ facts }) => (facts.err as Error | undefined)?.message);
    expect(causes).toContain(cause);
  });

  it.each<[string, NonNullable<Parameters<typeof startReportsServer>[0]>]>([
    ['of onStart', { exportReport: { onStart: () => ({ uri: 'a', rows: 3 }) as object } }],
    ['of the initial metadata', { exportReport: { metadata: () => misspelt } }],
  ])('%s fail the start with INTERNAL, and no operation is created', async (_what, options) => {
    await using server = await startReportsServer(options);
    await expect(server.overGrpc.exportReport()).rejects.toMatchObject({ code: Code.INTERNAL });
    expect(server.logged).toMatchObject([{ facts: { err: expect.any(UnknownFieldError) as never } }]);
    const { operations } = await server.overGrpc.operations.listOperations({
      name: 'projects/p/locations/l',
    });
    expect(operations).toEqual([]);
  });
});

describe('messageFrom', () => {
  const from = (given: object) => messageFrom(Operation, given, 'operation');

  it.each<[string, object]>([
    ['nothing', {}],
    ['unset fields', { metadata: undefined, error: undefined, other: undefined, none: null }],
    ['bytes', { metadata: { typeUrl: 'a', value: Buffer.of(1) } }],
    ['a oneof', { result: { $case: 'error', value: { code: 1, details: [{ typeUrl: 'b' }] } } }],
    ['the name of its type', { $type: 'google.longrunning.Operation', _unknownFields: { 9: [] } }],
  ])('accepts %s', (_what, given) => {
    expect(from(given)).toEqual(Operation.fromPartial(given));
  });

  it.each<[object, string]>([
    [
      { nmae: 'a' },
      'operation has field nmae, which google.longrunning.Operation does not have: did you mean name?',
    ],
    [{ metadata: { type_url: 'a' } }, 'has field metadata.type_url'],
    [
      { result: { $case: 'error', value: { details: [{}, { url: 'a' }] } } },
      'has field result.value.details.1.url',
    ],
    [{ result: { $case: 'failure', value: {} } }, 'has field result'],
    [{ toString: 1 }, 'has field toString'],
  ])('rejects %j', (given, message) => {
    expect(() => from(given)).toThrow(UnknownFieldError);
    expect(() => from(given)).toThrow(message);
  });
});
