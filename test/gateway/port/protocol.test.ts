import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { protocolOf } from '../../../src/gateway/port/sniff-protocol.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

describe('protocolOf', () => {
  it('the preface, with anything after it: HTTP/2', () => {
    fc.assert(
      fc.property(bytes, (rest) => {
        expect(protocolOf(Buffer.concat([PREFACE, rest]))).toBe('HTTP/2');
      }),
    );
  });

  it('a prefix of the preface: not known yet', () => {
    for (let length = 0; length < PREFACE.length; length++) {
      expect(protocolOf(PREFACE.subarray(0, length))).toBeUndefined();
    }
  });

  it('anything else: HTTP/1.1 from the first differing byte', () => {
    fc.assert(
      fc.property(fc.nat(PREFACE.length - 1), fc.integer({ min: 1, max: 255 }), bytes, (at, change, rest) => {
        const wrong = Buffer.from(PREFACE.subarray(0, at + 1));
        wrong.writeUInt8((wrong.readUInt8(at) + change) % 256, at);
        expect(protocolOf(Buffer.concat([wrong, rest]))).toBe('HTTP/1.1');
      }),
    );
  });
});
