import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Listeners } from '../../core/contain.js';
import { hasWildcard, matchesParent } from '../../core/name.js';
import { reportListenerFailure, withSafeCallbacks } from '../contract/callback-failures.js';
import {
  type ChangeListener,
  type ConsumeOptions,
  type ListPage,
  type ListQuery,
  MAX_EXAMINED,
  type OperationRecord,
  type OperationStore,
  type RequestKey,
  type UnfinishedCount,
  type WorkConsumer,
  type WorkHandler,
} from '../contract/operation-store.js';
import { PageBuilder } from '../contract/page-builder.js';
import { nameTaken } from '../contract/store-error.js';
import { WorkQueue } from '../contract/work-queue.js';
import { countByState } from '../sql/unfinished-count.js';
import { compact } from './compact-record.js';
import { type Entry, newestFirst, ParentLog } from './parent-log.js';

/** Number of records examined before other work of the process runs. */
const EXAMINED_AT_ONCE = 100;

/** Stores operations in the memory of this process. They are lost when it ends. */
export function memoryStore(): OperationStore {
  return new MemoryStore();
}

class MemoryStore implements OperationStore {
  readonly #entries = new Map<string, Entry>();
  readonly #byParent = new Map<string, ParentLog>();
  readonly #unfinished = new Set<Entry>();
  /** Ended operations, oldest end first. */
  readonly #ended = new Set<Entry>();
  readonly #byRequest = new Map<string, Entry>();
  readonly #listeners = new Listeners<Parameters<ChangeListener>>(reportListenerFailure);
  readonly #queue = new WorkQueue();
  readonly #secret = randomBytes(32);
  #sequence = 0;

  async ready(): Promise<void> {}

  async secret(): Promise<Uint8Array> {
    return this.#secret;
  }

  async create(record: OperationRecord): Promise<OperationRecord> {
    const request = requestKey(record);
    const earlier = request === undefined ? undefined : this.#byRequest.get(request);
    if (earlier) return earlier.record;
    if (this.#entries.has(record.name)) throw nameTaken(record.name);
    const entry: Entry = { sequence: ++this.#sequence, record: compact(record) };
    this.#entries.set(record.name, entry);
    const log = this.#byParent.get(record.parent) ?? new ParentLog();
    this.#byParent.set(record.parent, log);
    log.append(entry);
    if (request !== undefined) this.#byRequest.set(request, entry);
    if (record.result) this.#ended.add(entry);
    else {
      this.#unfinished.add(entry);
      this.#queue.push(record.name, record.method);
    }
    return record;
  }

  async get(name: string): Promise<OperationRecord | undefined> {
    return this.getNow(name);
  }

  async findByRequestId(key: RequestKey): Promise<OperationRecord | undefined> {
    return this.#byRequest.get(requestKey(key) ?? '')?.record;
  }

  getNow(name: string): OperationRecord | undefined {
    return this.#entries.get(name)?.record;
  }

  async delete(name: string): Promise<boolean> {
    const entry = this.#entries.get(name);
    if (entry) this.#forget(entry);
    return entry !== undefined;
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { parent, now, after } = query;
    const before = after === undefined ? Number.POSITIVE_INFINITY : Number(after);
    const page = new PageBuilder(query);
    let examined = 0;
    let last = after;
    for (const entry of newestFirst(this.#logs(parent), before)) {
      if (examined === MAX_EXAMINED) return page.end(last);
      last = String(entry.sequence);
      const full = isListed(entry, now) ? page.add(entry.record, last) : undefined;
      if (full) return full;
      if (++examined % EXAMINED_AT_ONCE === 0 || page.isPauseDue()) await setImmediate();
    }
    return page.end();
  }

  async deleteExpired(now: number, limit: number): Promise<number> {
    let count = 0;
    for (const entry of this.#ended) {
      if (count === limit || (entry.record.expireTime ?? Number.POSITIVE_INFINITY) > now) break;
      this.#forget(entry);
      count++;
    }
    return count;
  }

  async unfinishedMethods(): Promise<readonly string[]> {
    return [...new Set(Array.from(this.#unfinished, ({ record }) => record.method))];
  }

  async countUnfinished(limit: number): Promise<readonly UnfinishedCount[]> {
    return countByState(Array.from(this.#unfinished, ({ record }) => record).slice(0, limit));
  }

  watch(listener: ChangeListener): () => void {
    return this.#listeners.add(listener);
  }

  consume(handler: WorkHandler, given: ConsumeOptions): WorkConsumer {
    const options = withSafeCallbacks(given);
    return this.#queue.consume((name) => {
      const record = this.#entries.get(name)?.record;
      return record && !record.result ? handler(record) : 'ended';
    }, options);
  }

  async close(): Promise<void> {
    this.#queue.clear();
    this.#listeners.clear();
  }

  async compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean> {
    const entry = this.#entries.get(record.name);
    if (entry?.record.version !== expectedVersion) return false;
    if (record.requestId === undefined) {
      const request = requestKey(entry.record);
      if (request !== undefined) this.#byRequest.delete(request);
    }
    entry.record = compact(record);
    if (record.result) {
      this.#unfinished.delete(entry);
      this.#ended.add(entry);
    }
    this.#changed(record.name, entry.record);
    return true;
  }

  #logs(pattern: string): ParentLog[] {
    if (hasWildcard(pattern)) {
      return [...this.#byParent].flatMap(([parent, log]) => (matchesParent(pattern, parent) ? [log] : []));
    }
    const log = this.#byParent.get(pattern);
    return log ? [log] : [];
  }

  #forget(entry: Entry): void {
    const { name, parent } = entry.record;
    const request = requestKey(entry.record);
    this.#entries.delete(name);
    this.#unfinished.delete(entry);
    this.#ended.delete(entry);
    if (request !== undefined) this.#byRequest.delete(request);
    if (this.#byParent.get(parent)?.remove(entry) === 0) this.#byParent.delete(parent);
    this.#changed(name);
  }

  #changed(name: string, record?: OperationRecord): void {
    this.#listeners.notify(name, record);
  }
}

/** Key within which a request id is unique; undefined for a record without one. */
function requestKey({
  method,
  parent,
  requestId,
}: Pick<OperationRecord, 'method' | 'parent' | 'requestId'>): string | undefined {
  return requestId === undefined ? undefined : JSON.stringify([method, parent, requestId]);
}

/** Returns true if an entry is listed. It may have been deleted since it was found. */
function isListed({ record: { deleteTime, expireTime }, deleted }: Entry, now: number): boolean {
  return !deleted && deleteTime === undefined && !(expireTime !== undefined && expireTime <= now);
}
