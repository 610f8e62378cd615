import { describe, expect, it } from '@jest/globals';
import { parseTraceparent, traceContextOf, traceIdOf } from '../../src/core/trace-context.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const traceparent = `00-${TRACE_ID}-${SPAN_ID}-01`;

describe('trace context of headers', () => {
  it('is parsed by the rules of W3C', () => {
    expect(parseTraceparent(traceparent)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID, flags: 1 });
    expect(traceContextOf({ traceparent, tracestate: 'vendor=a' })).toEqual({
      traceparent,
      tracestate: 'vendor=a',
    });
    expect(traceIdOf({ traceparent })).toBe(TRACE_ID);
    expect(traceIdOf(undefined)).toBeUndefined();
  });

  it.each([
    '',
    'junk',
    traceparent.toUpperCase(),
    `${traceparent}-00`,
    `01-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-1`,
  ])('%j is malformed', (given) => {
    expect(traceContextOf({ traceparent: given })).toBeUndefined();
  });

  it('omits a tracestate that is too long or not text', () => {
    for (const tracestate of ['a'.repeat(513), 'a=\n', '']) {
      expect(traceContextOf({ traceparent, tracestate })).toEqual({ traceparent });
    }
    expect(traceContextOf({ tracestate: 'a=b' })).toBeUndefined();
  });
});
