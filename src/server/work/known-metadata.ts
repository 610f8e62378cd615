import type { MessageType } from '../../core/operation-method.js';
import type { OperationRecord } from '../../stores/contract/operation-store.js';

/** What the server knows of an operation that its metadata may have a field for. */
export type MetadataFacts = Pick<OperationRecord, 'createTime' | 'cancelRequestTime' | 'endTime'>;

const TIMES = ['createTime', 'endTime'] as const;
const FLAGS = ['cancelRequested', 'requestedCancellation'] as const;

/**
 * Fills in the fields that metadata messages across Google's APIs use for what every server knows:
 * `create_time`, `end_time`, and `cancel_requested` or `requested_cancellation`, where the type has them, with
 * the fitting type. Times that are set already stay.
 *
 * Where a Timestamp is no Date, going by the JSON form makes it work for every way that ts-proto can render one.
 */
export class KnownFields<Metadata> {
  readonly #type: MessageType<Metadata>;
  readonly #rendersDates: boolean;
  readonly #times: readonly (typeof TIMES)[number][];
  readonly #flags: readonly (typeof FLAGS)[number][];

  /** @param except - fields to leave alone. */
  constructor(type: MessageType<Metadata>, except: ReadonlySet<string>) {
    this.#type = type;
    const time = new Date(0).toISOString();
    const json = [...TIMES.map((field) => [field, time]), ...FLAGS.map((field) => [field, true])];
    const known = type.fromJSON(Object.fromEntries(json)) as Record<string, unknown>;
    this.#times = TIMES.filter((field) => typeof known[field] === 'object' && !except.has(field));
    this.#flags = FLAGS.filter((field) => known[field] === true && !except.has(field));
    this.#rendersDates = this.#times.every((field) => known[field] instanceof Date);
  }

  /** Whether the type has no such field. */
  get areNone(): boolean {
    return this.#times.length + this.#flags.length === 0;
  }

  /** The metadata with what is known; the very same object when it says all of that already. */
  fill(metadata: Metadata, facts: MetadataFacts): Metadata {
    const said = metadata as Record<string, unknown>;
    const missing: Record<string, Date | true> = {};
    for (const field of this.#times) {
      const time = facts[field];
      if (time !== undefined && (said[field] ?? undefined) === undefined) missing[field] = new Date(time);
    }
    for (const field of this.#flags) {
      if (facts.cancelRequestTime !== undefined && said[field] !== true) missing[field] = true;
    }
    const fields = Object.keys(missing);
    if (fields.length === 0) return metadata;
    // Most codecs have them as Date and boolean.
    if (this.#rendersDates) return { ...metadata, ...missing };
    const filled = this.#type.fromJSON(JSON.parse(JSON.stringify(missing))) as Record<string, unknown>;
    return { ...metadata, ...Object.fromEntries(fields.map((field) => [field, filled[field]])) };
  }
}
