import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExportReportResponse } from '../../generated/example/reports/v1/reports.js';
import { encodeMessage } from '../../src/core/any.js';

describe('encodeMessage', () => {
  it('gives the bytes of a fresh writer, whatever was encoded before, also if that failed halfway', () => {
    const message = fc.record({
      uri: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(100_000))),
      // What is no integer makes the writer throw, after the first field was written.
      rowCount: fc.oneof(fc.maxSafeInteger(), fc.constant(1.5)),
    });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const encoded: [Buffer, Buffer][] = [];
        for (const each of messages) {
          const encode = () => encodeMessage(ExportReportResponse, each);
          if (each.rowCount === 1.5) expect(encode).toThrow();
          else encoded.push([encode(), Buffer.from(ExportReportResponse.encode(each).finish())]);
        }
        // Compared at the end: no later message may have written over an earlier one.
        for (const [bytes, expected] of encoded) expect(bytes.equals(expected)).toBe(true);
      }),
    );
  });
});
