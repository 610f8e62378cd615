import type { Duration } from '../../../generated/google/protobuf/duration.js';

/** A `google.protobuf.Duration` in milliseconds. */
export function durationMs({ seconds, nanos }: Duration): number {
  return seconds * 1000 + nanos / 1e6;
}

/** So many milliseconds, which must be finite, as a `google.protobuf.Duration`. */
export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.floor((ms - seconds * 1000) * 1e6) };
}
