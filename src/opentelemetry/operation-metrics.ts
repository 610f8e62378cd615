import type { Attributes } from '@opentelemetry/api';
import { Code, codeName } from '../core/status.js';
import type { OperationRecord } from '../server/index.js';
import type { Instruments } from './instruments.js';
import { Attribute } from './metrics.js';

/** Records the durations that a change completes: time in the queue, until the end, and from cancel request to end. */
export function measureChange(
  { queueDuration, operationDuration, cancelDuration }: Instruments,
  before: OperationRecord | undefined,
  after: OperationRecord,
  at: number,
): void {
  const { createTime, cancelRequestTime, endTime } = after;
  const method = { [Attribute.METHOD]: after.method.slice(1) };
  if (before?.attempt === 0 && after.attempt === 1) queueDuration.record(seconds(createTime, at), method);
  if (endTime === undefined || before?.endTime !== undefined) return;
  const ending = { ...method, [Attribute.ENDING]: endingOf(after) };
  operationDuration.record(seconds(createTime, endTime), { ...ending, ...errorType(after) });
  if (cancelRequestTime !== undefined) cancelDuration.record(seconds(cancelRequestTime, endTime), ending);
}

/** Returns the outcome of an operation as its readers see it. */
function endingOf({ result }: OperationRecord): 'succeeded' | 'failed' | 'cancelled' {
  if (result?.$case !== 'error') return 'succeeded';
  return result.value.code === Code.CANCELLED ? 'cancelled' : 'failed';
}

function errorType({ result }: OperationRecord): Attributes {
  if (result?.$case !== 'error' || result.value.code === Code.CANCELLED) return {};
  return { [Attribute.ERROR_TYPE]: codeName(result.value.code) };
}

/** Converts a time span to seconds; never negative, because the clocks of two servers may differ. */
function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000;
}
