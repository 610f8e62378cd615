import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Any } from '../../generated/google/protobuf/any.js';
import { BadRequest, ErrorInfo, RetryInfo } from '../../generated/google/rpc/error_details.js';
import { Status } from '../../generated/google/rpc/status.js';
import { pack } from '../../src/core/any.js';
import { STATUS_DETAILS_KEY } from '../../src/core/foreign-error.js';
import { toServerError } from '../../src/core/grpc-status.js';
import {
  Code,
  codeName,
  invalidField,
  kitError,
  quoted,
  readStatus,
  StatusError,
} from '../../src/core/status.js';
import { anyString, anyThrown, HOSTILE } from '../helpers/any-value.js';

const details = [pack(RetryInfo, { retryDelay: { seconds: 1, nanos: 0 } })];

function serviceError(code: number, trailer?: Uint8Array): Error {
  const metadata = new Metadata();
  if (trailer) metadata.set(STATUS_DETAILS_KEY, Buffer.from(trailer));
  return Object.assign(new Error(`${code}: text`), { code, details: 'text', metadata });
}

describe('StatusError.from', () => {
  it('returns a StatusError as is', () => {
    const error = new StatusError(Code.ABORTED, 'again', details);
    expect(StatusError.from(error)).toBe(error);
  });

  it('a google.rpc.Status keeps code, message and details', () => {
    const status = { code: Code.DATA_LOSS, message: 'gone', details };
    expect(StatusError.from(status)).toMatchObject(status);
    expect(StatusError.from(status).toStatus()).toEqual(status);
  });

  it('a ServiceError keeps code, message and the details in its trailers (contract 5)', () => {
    const trailer = Status.encode({ code: 9, message: 'text', details }).finish();
    const error = serviceError(9, trailer);
    expect(StatusError.from(error)).toMatchObject({ code: 9, message: 'text', details, cause: error });
  });

  it('a ServiceError with malformed details keeps code and message', () => {
    expect(StatusError.from(serviceError(9, Buffer.from([0x1a, 0xff])))).toMatchObject({
      code: 9,
      details: [],
    });
    expect(StatusError.from(serviceError(9))).toMatchObject({ code: 9, message: 'text', details: [] });
  });

  it('OK and invalid codes become UNKNOWN: an error is never a success', () => {
    for (const code of [0, -1, 17, 99, 1.5, Number.NaN]) {
      expect(StatusError.from(serviceError(code)).code).toBe(Code.UNKNOWN);
      expect(StatusError.from({ code, message: '', details: [] }).code).toBe(Code.UNKNOWN);
    }
  });

  it('any other value becomes UNKNOWN with the value as cause', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        fc.pre(typeof thrown !== 'object' || thrown === null || !('code' in thrown));
        expect(StatusError.from(thrown)).toMatchObject({ code: Code.UNKNOWN, details: [] });
        expect(StatusError.from(thrown).cause).toBe(thrown);
      }),
    );
  });

  it('any value becomes an error that can be encoded and sent (contract 50)', () => {
    fc.assert(fc.property(anyThrown(), (make) => assertSendable(StatusError.from(make()))));
    for (const make of HOSTILE) assertSendable(StatusError.from(make()));
  });

  it('repairs a StatusError with changed or overridden properties', () => {
    class Hostile extends StatusError {
      override toStatus(): Status {
        throw new Error('toStatus');
      }
    }
    const make = () => new Hostile(Code.ABORTED, 'again', details);
    expect(readStatus(make())).toEqual({ code: Code.ABORTED, message: 'again', details });
    for (const [key, value] of [
      ['code', 'ABORTED'],
      ['message', Object.create(null)],
      ['message', '\ud800'],
      ['details', 5],
      ['details', [{ typeUrl: 'x', value: 'y' }]],
    ] as const) {
      const changed = Object.assign(make(), { [key]: value });
      assertSendable(StatusError.from(changed));
      expect(StatusError.from(changed)).not.toBe(changed);
      const throwing = Object.defineProperty(make(), key, {
        get() {
          throw new Error(key);
        },
      });
      assertSendable(StatusError.from(throwing));
    }
    const proxy = new Proxy(make(), {});
    expect(StatusError.from(proxy)).toMatchObject({ code: Code.ABORTED, message: 'again', details });
    assertSendable(StatusError.from(proxy));
  });
});

describe('new StatusError', () => {
  it('accepts any message and details (contract 50)', () => {
    fc.assert(
      fc.property(fc.anything(), anyString(), fc.anything(), (code, message, given) => {
        const error = new StatusError(code as Code, message, given as Any[]);
        expect(error.message).toBe(message.toWellFormed());
        assertSendable(error);
      }),
    );
  });

  it.each([
    5,
    null,
    'x',
    {},
    [null],
    [{}],
    ['x'],
    [{ '@type': 'google.rpc.ErrorInfo', reason: 'X' }],
    [{ typeUrl: 'type.googleapis.com/a.B', value: 'text' }],
  ])('omits details that are not an Any, and adds a notice: %j', (given) => {
    const error = new StatusError(Code.ABORTED, 'm', given as unknown as Any[]);
    expect(error).toMatchObject({ code: Code.ABORTED, message: 'm' });
    expect(error.details).toHaveLength(1);
    expect(error.detail(ErrorInfo)).toMatchObject({ reason: 'MALFORMED_ERROR_DETAILS' });
  });

  it('reads bytes whose length was overridden', () => {
    class Bytes extends Uint8Array {
      override get length(): number {
        throw new Error('length');
      }
      override get byteLength(): number {
        return -1;
      }
    }
    const bytes = Uint8Array.of(8, 1);
    const changed = Object.defineProperty(Uint8Array.from(bytes), 'byteLength', { value: 1000 });
    for (const value of [Bytes.from(bytes), changed] as Buffer[]) {
      const error = new StatusError(Code.ABORTED, 'm', [{ typeUrl: 'a/b', value }]);
      assertSendable(error);
      expect(error.details).toEqual([{ typeUrl: 'a/b', value: Buffer.from(bytes) }]);
    }
  });

  it('keeps valid details among invalid ones', () => {
    const info = pack(ErrorInfo, { reason: 'A', domain: 'd', metadata: {} });
    expect(new StatusError(Code.ABORTED, 'm', [info, 5 as unknown as Any]).details).toEqual([info]);
  });
});

function assertSendable(error: StatusError): void {
  const status = readStatus(error);
  expect(codeName(status.code)).not.toBe('OK');
  expect(Object.values(Code)).toContain(status.code);
  expect(status.message.isWellFormed()).toBe(true);
  expect(Status.decode(Status.encode(status).finish())).toEqual({
    ...status,
    details: status.details.map(({ typeUrl, value }) => ({ typeUrl, value: Buffer.from(value) })),
  });
  const { details: message, metadata } = toServerError(error);
  const trailers = metadata?.toHttp2Headers() ?? {};
  expect(encodeURI(message).length + String(trailers[STATUS_DETAILS_KEY] ?? '').length).toBeLessThan(7600);
}

describe('errors of the kit', () => {
  it('contain one ErrorInfo, and BadRequest and RetryInfo if they apply (contract 32)', () => {
    const error = kitError(Code.UNAVAILABLE, 'BUSY', 'server is busy: try later', {
      field: 'name',
      metadata: { queue: 'full' },
      retryAfterMs: 1500,
    });
    expect(error.detail(ErrorInfo)).toEqual({
      reason: 'BUSY',
      domain: 'longrunning',
      metadata: { queue: 'full' },
    });
    expect(error.detail(BadRequest)?.fieldViolations).toMatchObject([
      { field: 'name', description: error.message },
    ]);
    expect(error.detail(RetryInfo)).toEqual({ retryDelay: { seconds: 1, nanos: 500_000_000 } });
    expect(error.details).toHaveLength(3);
  });

  it('for a field are INVALID_ARGUMENT and name it in their details (contract 32)', () => {
    const error = invalidField('page_size', 'page size is odd: make it even');
    expect(error.code).toBe(Code.INVALID_ARGUMENT);
    expect(error.detail(ErrorInfo)?.metadata).toEqual({ field: 'page_size' });
    expect(error.detail(RetryInfo)).toBeUndefined();
  });

  it('quote values on one line of bounded length', () => {
    expect(quoted('a\nb"c')).toBe('"a\\nb\\"c"');
    expect(quoted('x'.repeat(500))).toBe(`"${'x'.repeat(80)}"… (500 characters)`);
  });

  it('have named codes', () => {
    expect(codeName(5)).toBe('NOT_FOUND');
    expect(codeName(99)).toBe('UNKNOWN');
    expect(codeName(-1)).toBe('UNKNOWN');
  });
});

describe('properties of a StatusError', () => {
  it('name code, reason and delay', () => {
    const error = kitError(Code.RESOURCE_EXHAUSTED, 'QUOTA', 'quota is used up: wait', {
      retryAfterMs: 1500,
    });
    expect(error.codeName).toBe('RESOURCE_EXHAUSTED');
    expect(error.reason).toBe('QUOTA');
    expect(error.retryAfterMs).toBe(1500);
  });

  it('are undefined without details, and with malformed ones', () => {
    const malformed = ['ErrorInfo', 'RetryInfo'].map((type) => ({
      typeUrl: `type.googleapis.com/google.rpc.${type}`,
      value: Buffer.from([0xff]),
    }));
    for (const details of [[], malformed]) {
      const error = new StatusError(Code.NOT_FOUND, 'gone', details);
      expect([error.codeName, error.reason, error.retryAfterMs]).toEqual(['NOT_FOUND', undefined, undefined]);
    }
  });
});
