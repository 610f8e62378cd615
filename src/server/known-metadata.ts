import type { MessageType } from '../operation-method.js';
import type { OperationRecord } from '../stores/operation-store.js';

/** What the server knows of an operation that its metadata may have a field for. */
export type MetadataFacts = Pick<OperationRecord, 'createTime' | 'cancelRequestTime' | 'endTime'>;

/**
 * Fills in the fields that metadata messages across Google's APIs use for what every server knows:
 * `create_time`, `end_time`, and `cancel_requested` or `requested_cancellation`, where the type has them, with
 * the fitting type. Times that are set already stay. `except` names fields that are somebody else's.
 *
 * Going by the JSON form makes it work for every way that ts-proto can render a Timestamp.
 */
export function fillKnownFields<Metadata>(
  type: MessageType<Metadata>,
  metadata: Metadata,
  facts: MetadataFacts,
  except: ReadonlySet<string> = new Set(),
): Metadata {
  const known = type.fromJSON(knownFields(facts)) as Record<string, unknown>;
  const filled = { ...metadata } as Record<string, unknown>;
  for (const field of ['createTime', 'endTime']) {
    const time = known[field];
    if (typeof time === 'object' && !except.has(field)) filled[field] ??= time;
  }
  for (const field of ['cancelRequested', 'requestedCancellation']) {
    if (known[field] === true && !except.has(field)) filled[field] = true;
  }
  return filled as Metadata;
}

function knownFields(facts: MetadataFacts): Record<string, unknown> {
  const { createTime, cancelRequestTime, endTime } = facts;
  return {
    createTime: new Date(createTime).toISOString(),
    ...(endTime === undefined ? {} : { endTime: new Date(endTime).toISOString() }),
    ...(cancelRequestTime === undefined ? {} : { cancelRequested: true, requestedCancellation: true }),
  };
}
