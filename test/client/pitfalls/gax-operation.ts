import { setTimeout as delay } from 'node:timers/promises';
import { createBackoffSettings, Operation as GaxOperation, LongrunningDescriptor } from 'google-gax';
import { ExportReportResponse, ReportMetadata } from '../../../generated/example/reports/v1/reports.js';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { type Reply, running } from '../../conformance/scripted-peer.js';

export const NEVER = 'it never settled';

/** Resolves to the state of a promise after a time in milliseconds. A short time suffices if it never settles. */
export async function within(promise: Promise<unknown>, ms = 5000): Promise<unknown> {
  const giveUp = new AbortController();
  const outcome = promise.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  const late = delay(ms, NEVER, { signal: giveUp.signal }).catch(() => NEVER);
  const first = await Promise.race([outcome, late]);
  giveUp.abort();
  return first;
}

interface GaxOptions {
  readonly delayMs?: number;
  readonly totalTimeoutMs?: number;
}

/** Operation of google-gax on a scripted server. */
export function gaxOperation(
  replies: readonly Reply[],
  { delayMs = 1, totalTimeoutMs = 0 }: GaxOptions = {},
) {
  let asked = 0;
  const operationsClient = {
    getOperationInternal() {
      const reply = replies[Math.min(asked++, replies.length - 1)] ?? 'silence';
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (reply instanceof StatusError) reject(Object.assign(new Error(reply.message), { code: reply.code }));
      else if (reply !== 'silence') resolve([gaxMessage(reply)]);
      const cancel = () => reject(Object.assign(new Error('cancelled'), { code: Code.CANCELLED }));
      return Object.assign(promise, { cancel });
    },
    cancelOperation: async () => {},
  };
  const descriptor = new LongrunningDescriptor(
    operationsClient as never,
    ((bytes: Uint8Array) => ExportReportResponse.decode(bytes)) as never,
    ((bytes: Uint8Array) => ReportMetadata.decode(bytes)) as never,
  );
  const backoff = createBackoffSettings(delayMs, 1, delayMs, null, null, null, totalTimeoutMs);
  const operation = new GaxOperation(gaxMessage(running()) as never, descriptor, backoff);
  return { operation, asked: () => asked };
}

/** Converts a message to the form of google-gax. */
function gaxMessage({ name, done, metadata, result }: Operation): object {
  const { $case, value } = result ?? {};
  return { name, done, metadata, result: $case, ...($case ? { [$case]: value } : {}) };
}
