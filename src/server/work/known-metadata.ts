import type { MessageType } from '../../core/operation-method.js';
import type { OperationRecord } from '../../stores/contract/operation-store.js';

/** Facts about an operation that well-known metadata fields hold. */
export type MetadataFacts = Pick<OperationRecord, 'createTime' | 'cancelRequestTime' | 'endTime'>;

const TIMES = ['createTime', 'endTime'] as const;
const FLAGS = ['cancelRequested', 'requestedCancellation'] as const;

/**
 * Fills in well-known metadata fields of Google's APIs: `create_time`, `end_time`, and `cancel_requested` or
 * `requested_cancellation`, if the type has them with the expected field type. Times that are already set stay.
 *
 * If the codec does not represent timestamps as Date, values are converted through JSON, which supports every
 * representation that ts-proto offers.
 */
export class KnownFields<Metadata> {
  readonly #type: MessageType<Metadata>;
  readonly #rendersDates: boolean;
  readonly #times: readonly (typeof TIMES)[number][];
  readonly #flags: readonly (typeof FLAGS)[number][];

  /** @param except - fields to leave unchanged. */
  constructor(type: MessageType<Metadata>, except: ReadonlySet<string>) {
    this.#type = type;
    const time = new Date(0).toISOString();
    const json = [...TIMES.map((field) => [field, time]), ...FLAGS.map((field) => [field, true])];
    const known = type.fromJSON(Object.fromEntries(json)) as Record<string, unknown>;
    this.#times = TIMES.filter((field) => typeof known[field] === 'object' && !except.has(field));
    this.#flags = FLAGS.filter((field) => known[field] === true && !except.has(field));
    this.#rendersDates = this.#times.every((field) => known[field] instanceof Date);
  }

  /** True if the type has no such field. */
  get areNone(): boolean {
    return this.#times.length + this.#flags.length === 0;
  }

  /** Returns the metadata with all known facts set; the same object if nothing is missing. */
  fill(metadata: Metadata, facts: MetadataFacts): Metadata {
    const current = metadata as Record<string, unknown>;
    const missing: Record<string, Date | true> = {};
    for (const field of this.#times) {
      const time = facts[field];
      if (time !== undefined && (current[field] ?? undefined) === undefined) missing[field] = new Date(time);
    }
    for (const field of this.#flags) {
      if (facts.cancelRequestTime !== undefined && current[field] !== true) missing[field] = true;
    }
    const fields = Object.keys(missing);
    if (fields.length === 0) return metadata;
    // Most codecs represent them as Date and boolean.
    if (this.#rendersDates) return { ...metadata, ...missing };
    const filled = this.#type.fromJSON(JSON.parse(JSON.stringify(missing))) as Record<string, unknown>;
    return { ...metadata, ...Object.fromEntries(fields.map((field) => [field, filled[field]])) };
  }
}
