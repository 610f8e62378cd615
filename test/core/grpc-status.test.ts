import { describe, expect, it } from '@jest/globals';
import { ErrorInfo, Help } from '../../generated/google/rpc/error_details.js';
import { pack } from '../../src/any.js';
import { toServerError } from '../../src/grpc-status.js';
import { Code, StatusError } from '../../src/status.js';

const info = pack(ErrorInfo, { reason: 'A', domain: 'd', metadata: {} });
const large = pack(Help, { links: [{ description: 'x'.repeat(5000), url: '' }] });

describe('toServerError', () => {
  it('comes back whole from what grpc-js makes of it (contract 5, 32)', () => {
    const error = new StatusError(Code.NOT_FOUND, 'größe fehlt', [info, info]);
    expect(StatusError.from(toServerError(error))).toMatchObject({
      code: error.code,
      message: error.message,
      details: error.details,
    });
  });

  it('has no trailer when there are no details', () => {
    const { metadata } = toServerError(new StatusError(Code.ABORTED, 'again'));
    expect(metadata?.getMap()).toEqual({});
  });

  it('leaves out the last details when they would overflow a header block, never the first', () => {
    const sent = toServerError(new StatusError(Code.ABORTED, 'again', [info, large, info]));
    expect(StatusError.from(sent).details).toEqual([info]);
  });

  it('clips a message that would overflow a header block', () => {
    const sent = toServerError(new StatusError(Code.ABORTED, 'x'.repeat(100_000)));
    expect(sent.details).toHaveLength(1024);
    expect(sent.details).toMatch(/x…$/);
  });
});
