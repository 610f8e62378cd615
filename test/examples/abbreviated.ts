import { expect } from '@jest/globals';

/** Pattern for a documented answer, of which fields and list items may be left out. */
export function abbreviated(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    Array.isArray(inner) ? expect.arrayContaining(inner.map((item) => expect.objectContaining(item))) : inner,
  ) as Record<string, unknown>;
}
