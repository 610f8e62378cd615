import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainJson } from '../../src/testing/calls/plain-json.js';

describe('plain JSON of a message', () => {
  it('is JSON for any object', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
    fc.assert(
      fc.property(anything, (field) => {
        const text = JSON.stringify(plainJson({ field }));
        expect(JSON.stringify(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('has the values of classes of other generators', () => {
    const message = {
      long: { __isLong__: true, low: -1, high: -2097153, toString: () => '-9007199254740993' },
      protobufjs: { toJSON: () => ({ name: 'a' }) },
      googleProtobuf: { toObject: () => ({ name: 'b' }) },
      choice: { $case: 'text', value: 'c' },
      $typeName: 'acme.v1.Message',
      $unknown: [{ no: 1 }],
    };
    expect(plainJson(message)).toEqual({
      long: '-9007199254740993',
      protobufjs: { name: 'a' },
      googleProtobuf: { name: 'b' },
      choice: { $case: 'text', value: 'c' },
    });
  });

  it.each([undefined, null, 'text', 1n, [1]])('is empty for %p, which is no message', (value) => {
    expect(plainJson(value)).toEqual({});
  });
});
