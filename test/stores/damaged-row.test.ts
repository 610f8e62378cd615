import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { Status } from '../../generated/google/rpc/status.js';
import { Code, StatusError } from '../../src/core/status.js';
import { recordOf as recordOfRow, rowOf } from '../../src/stores/sql/operation-row.js';
import { ended, recordOf } from './stores.js';

describe('the error in the row of an operation', () => {
  const row = rowOf(recordOf(1, ended(0)));
  const readError = (error: Uint8Array) => StatusError.from(recordOfRow({ ...row, error }).result?.value);

  it('that is damaged reads as DATA_LOSS, so that the page that contains it can be read', () => {
    const error = readError(Buffer.from([0x1a, 0xff]));
    expect(error.code).toBe(Code.DATA_LOSS);
    expect(error.detail(ErrorInfo)).toMatchObject({ reason: 'STORED_ERROR_DAMAGED' });
  });

  it('that has no error code reads as UNKNOWN', () => {
    for (const code of [0, 17, -1]) {
      const error = readError(Status.encode({ code, message: 'm', details: [] }).finish());
      expect(error).toMatchObject({ code: Code.UNKNOWN, message: 'm' });
    }
  });

  it('is an error that can be encoded again, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { result } = recordOfRow({ ...row, error: bytes });
        expect(result?.$case).toBe('error');
        expect(Status.encode(result?.value as Status).finish()).toBeInstanceOf(Uint8Array);
      }),
    );
  });
});
