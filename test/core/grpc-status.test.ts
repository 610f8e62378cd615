import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorInfo, Help } from '../../generated/google/rpc/error_details.js';
import { pack } from '../../src/core/any.js';
import { sendableError, toServerError } from '../../src/core/grpc-status.js';
import { Code, StatusError } from '../../src/core/status.js';
import { anyThrown } from '../helpers/any-value.js';

const info = pack(ErrorInfo, { reason: 'A', domain: 'd', metadata: {} });
const large = pack(Help, { links: [{ description: 'x'.repeat(5000), url: '' }] });

describe('toServerError', () => {
  it('survives the round trip through grpc-js (contract 5, 32)', () => {
    const error = new StatusError(Code.NOT_FOUND, 'größe fehlt', [info, info]);
    expect(StatusError.from(toServerError(error))).toMatchObject({
      code: error.code,
      message: error.message,
      details: error.details,
    });
  });

  it('has no trailer without details', () => {
    const { metadata } = toServerError(new StatusError(Code.ABORTED, 'again'));
    expect(metadata?.getMap()).toEqual({});
  });

  it('omits the last details, never the first, if they would overflow a header block', () => {
    const sent = toServerError(new StatusError(Code.ABORTED, 'again', [info, large, info]));
    expect(StatusError.from(sent).details).toEqual([info]);
  });

  it.each(['x', '漢', '😀', '\n', ' ', '\ud83d'])(
    'truncates a message of %j that would overflow a header block',
    (unit) => {
      const { details } = toServerError(new StatusError(Code.ABORTED, unit.repeat(100_000)));
      expect(encodeURI(details).length).toBeLessThanOrEqual(2048);
      expect(encodeURI(details).length).toBeGreaterThan(2000);
      expect(details).toMatch(/…$/);
    },
  );

  it('keeps a message that fits', () => {
    const message = 'größe '.repeat(100);
    expect(toServerError(new StatusError(Code.ABORTED, message)).details).toBe(message);
  });
});

describe('sendableError', () => {
  it('converts any value to an error that grpc-js can send (contract 50)', () => {
    fc.assert(
      fc.property(anyThrown(), (make) => {
        const { code, details, metadata } = sendableError(make());
        expect(Number.isInteger(code)).toBe(true);
        expect(encodeURI(details ?? '').length).toBeLessThanOrEqual(2048);
        expect(metadata).toBeUndefined();
      }),
    );
  });

  it('keeps the error of a handler', () => {
    const metadata = new Metadata();
    expect(sendableError({ code: 5, details: 'not here', metadata })).toEqual({
      code: 5,
      details: 'not here',
      metadata,
    });
    expect(sendableError(new Error('broken'))).toEqual({ code: Code.UNKNOWN, details: 'broken' });
  });
});
