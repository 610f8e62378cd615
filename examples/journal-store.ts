// Custom store: everything is in memory, and every change is a line of a file, which is read at the start.
// docs/custom-store.md explains it; the tests run the conformance table over it.

import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { Code, StatusError } from 'longrunning';
import {
  type ListPage,
  type ListQuery,
  listPage,
  matchesParent,
  type OperationRecord,
  type RecordStore,
} from 'longrunning/store';

type RequestKey = Parameters<RecordStore['findByRequestId']>[0];
type ClaimableQuery = Parameters<RecordStore['claimable']>[0];
type Lease = Parameters<RecordStore['lease']>[1];

/** Record with its position in the order of creation. */
interface Entry {
  readonly sequence: number;
  readonly record: OperationRecord;
}

export class JournalRecords implements RecordStore {
  readonly durable = true;
  readonly #file: string;
  /** A Map keeps insertion order, which is the order of creation. */
  readonly #entries = new Map<string, Entry>();
  /** Not in the file: only one process uses it, and its leases end with it. */
  readonly #leases = new Map<string, Lease>();
  #sequence = 0;

  constructor(file: string) {
    this.#file = file;
    const text = existsSync(file) ? readFileSync(file, 'latin1') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    // Text after the last line break was being written when the process died. No caller was told that it succeeded.
    if (whole.length < text.length) truncateSync(file, whole.length);
    for (const line of whole.split('\n').slice(0, -1)) this.#apply(deserialize(Buffer.from(line, 'base64')));
  }

  async ready(): Promise<void> {}

  async create(record: OperationRecord): Promise<OperationRecord> {
    // Contains no await, so that no other create can run in between.
    const earlier = this.#startedBy(record);
    if (earlier) return earlier;
    if (this.#entries.has(record.name)) {
      throw new StatusError(Code.ALREADY_EXISTS, `operation ${record.name} exists: choose another id`);
    }
    this.#write({ sequence: this.#sequence + 1, record });
    return record;
  }

  async get(name: string): Promise<OperationRecord | undefined> {
    return this.#entries.get(name)?.record;
  }

  async findByRequestId(key: RequestKey): Promise<OperationRecord | undefined> {
    return this.#startedBy(key);
  }

  async compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean> {
    const entry = this.#entries.get(record.name);
    if (entry?.record.version !== expectedVersion) return false;
    this.#write({ ...entry, record });
    return true;
  }

  async delete(name: string): Promise<boolean> {
    const known = this.#entries.has(name);
    if (known) this.#write(name);
    return known;
  }

  list(query: ListQuery): Promise<ListPage> {
    const before = Number(query.after ?? Number.POSITIVE_INFINITY);
    const entries = [...this.#entries.values()]
      .filter(({ sequence, record }) => sequence < before && matchesParent(query.parent, record.parent))
      .reverse()
      .map(({ sequence, record }) => [String(sequence), record] as const);
    return listPage(query, entries);
  }

  async deleteExpired(now: number, limit: number): Promise<number> {
    const expired = this.#records().filter(({ expireTime = Number.POSITIVE_INFINITY }) => expireTime <= now);
    for (const { name } of expired.slice(0, limit)) this.#write(name);
    return Math.min(expired.length, limit);
  }

  async unfinishedMethods(): Promise<readonly string[]> {
    const unfinished = this.#records().filter(({ result }) => !result);
    return [...new Set(unfinished.map(({ method }) => method))];
  }

  async claimable({ methods, now, limit }: ClaimableQuery): Promise<readonly OperationRecord[]> {
    const isFree = ({ name }: OperationRecord) => (this.#leases.get(name)?.until ?? 0) <= now;
    const unfinished = this.#records().filter(({ result, method }) => !result && methods.includes(method));
    return unfinished.filter(isFree).slice(0, limit);
  }

  async lease(name: string, lease: Lease, now: number): Promise<boolean> {
    const current = this.#leases.get(name);
    if (current && current.holder !== lease.holder && current.until > now) return false;
    this.#leases.set(name, lease);
    return true;
  }

  async close(): Promise<void> {}

  #startedBy({ method, parent, requestId }: Partial<RequestKey>): OperationRecord | undefined {
    if (requestId === undefined) return undefined;
    return this.#records().find(
      (record) => record.requestId === requestId && record.method === method && record.parent === parent,
    );
  }

  #records(): OperationRecord[] {
    return Array.from(this.#entries.values(), ({ record }) => record);
  }

  /** Applies a change, first to the file, so that a confirmed change is durable. */
  #write(change: Entry | string): void {
    appendFileSync(this.#file, `${serialize(change).toString('base64')}\n`, { flush: true });
    this.#apply(change);
  }

  /** Change: the new state of an entry, or the name of a deleted one. */
  #apply(change: Entry | string): void {
    const name = typeof change === 'string' ? change : change.record.name;
    if (typeof change === 'string' || change.record.result) this.#leases.delete(name);
    if (typeof change === 'string') this.#entries.delete(name);
    else this.#entries.set(name, change);
    if (typeof change !== 'string') this.#sequence = Math.max(this.#sequence, change.sequence);
  }
}
