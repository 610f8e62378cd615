import { hasWildcard, matchesParent } from '../name.js';
import { Code, kitError, quoted } from '../status.js';
import type {
  ConsumeOptions,
  ListPage,
  ListQuery,
  OperationRecord,
  OperationStore,
  RequestKey,
  WorkConsumer,
  WorkHandler,
} from './operation-store.js';
import { WorkQueue } from './work-queue.js';

interface Entry {
  /** Counts up with every record created: the order of listing. */
  readonly sequence: number;
  record: OperationRecord;
  deleted?: true;
}

/** Keeps operations in the memory of this process: they are gone when it ends. */
export function memoryStore(): OperationStore {
  return new MemoryStore();
}

class MemoryStore implements OperationStore {
  readonly #entries = new Map<string, Entry>();
  readonly #byParent = new Map<string, ParentLog>();
  /** Those that have ended, oldest end first. */
  readonly #ended = new Set<Entry>();
  readonly #byRequest = new Map<string, Entry>();
  readonly #listeners = new Set<(name: string) => void>();
  readonly #queue = new WorkQueue<string>();
  #sequence = 0;

  async ready(): Promise<void> {}

  async create(record: OperationRecord): Promise<OperationRecord> {
    const request = requestKey(record);
    const earlier = request === undefined ? undefined : this.#byRequest.get(request);
    if (earlier) return earlier.record;
    if (this.#entries.has(record.name)) {
      throw kitError(
        Code.ALREADY_EXISTS,
        'NAME_TAKEN',
        `operation ${quoted(record.name)} exists: choose another id`,
        { metadata: { name: record.name } },
      );
    }
    const entry: Entry = { sequence: ++this.#sequence, record };
    this.#entries.set(record.name, entry);
    const log = this.#byParent.get(record.parent) ?? new ParentLog();
    this.#byParent.set(record.parent, log);
    log.append(entry);
    if (request !== undefined) this.#byRequest.set(request, entry);
    if (record.result) this.#ended.add(entry);
    else this.#queue.push(record.name);
    return record;
  }

  async get(name: string): Promise<OperationRecord | undefined> {
    return this.#entries.get(name)?.record;
  }

  async find(key: RequestKey): Promise<OperationRecord | undefined> {
    return this.#byRequest.get(requestKey(key) ?? '')?.record;
  }

  async compareAndSet(record: OperationRecord, expectedVersion: number): Promise<boolean> {
    const entry = this.#entries.get(record.name);
    if (entry?.record.version !== expectedVersion) return false;
    const request = requestKey(entry.record);
    if (request !== undefined && record.requestId === undefined) this.#byRequest.delete(request);
    entry.record = record;
    if (record.result) this.#ended.add(entry);
    this.#changed(record.name);
    return true;
  }

  async delete(name: string): Promise<boolean> {
    const entry = this.#entries.get(name);
    if (entry) this.#forget(entry);
    return entry !== undefined;
  }

  async list(query: ListQuery): Promise<ListPage> {
    const before = query.after === undefined ? Number.POSITIVE_INFINITY : Number(query.after);
    const wanted = ({ record }: Entry) =>
      (query.done === undefined || query.done === (record.result !== undefined)) &&
      record.deleteTime === undefined &&
      !(record.expireTime !== undefined && record.expireTime <= query.now);
    // One more than asked for tells whether there is a next page.
    const found = this.#logs(query.parent).flatMap((log) => log.newest(before, query.limit + 1, wanted));
    const page = found.sort((a, b) => b.sequence - a.sequence).slice(0, query.limit);
    const records = page.map(({ record }) => record);
    const last = page.at(-1);
    return found.length > page.length && last ? { records, next: String(last.sequence) } : { records };
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
    const unfinished = [...this.#entries.values()].filter((entry) => !this.#ended.has(entry));
    return [...new Set(unfinished.map(({ record }) => record.method))];
  }

  watch(listener: (name?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  consume(handler: WorkHandler, options: ConsumeOptions): WorkConsumer {
    return this.#queue.consume(async (name) => {
      const record = this.#entries.get(name)?.record;
      const wanted = record && !record.result && options.methods.has(record.method);
      return wanted ? handler(record) : 'ended';
    }, options);
  }

  async close(): Promise<void> {
    this.#queue.clear();
    this.#listeners.clear();
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
    this.#ended.delete(entry);
    if (request !== undefined) this.#byRequest.delete(request);
    if (this.#byParent.get(parent)?.remove(entry) === 0) this.#byParent.delete(parent);
    this.#changed(name);
  }

  #changed(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }
}

/** What a request id is unique with; undefined for a record that has none. */
function requestKey({
  method,
  parent,
  requestId,
}: Pick<OperationRecord, 'method' | 'parent' | 'requestId'>): string | undefined {
  return requestId === undefined ? undefined : JSON.stringify([method, parent, requestId]);
}

/**
 * The operations of one parent in the order of creation. Deleted ones stay as holes until half are holes, so
 * that appending, deleting and finding a page each cost the same however many there are.
 */
class ParentLog {
  #entries: Entry[] = [];
  #holes = 0;

  append(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Tells how many are left. */
  remove(entry: Entry): number {
    entry.deleted = true;
    this.#holes++;
    if (this.#holes * 2 > this.#entries.length) {
      this.#entries = this.#entries.filter(({ deleted }) => !deleted);
      this.#holes = 0;
    }
    return this.#entries.length - this.#holes;
  }

  newest(before: number, limit: number, wanted: (entry: Entry) => boolean): Entry[] {
    const found: Entry[] = [];
    for (let index = this.#indexOf(before) - 1; index >= 0 && found.length < limit; index--) {
      const entry = this.#entries[index];
      if (entry && !entry.deleted && wanted(entry)) found.push(entry);
    }
    return found;
  }

  /** The index of the first entry whose sequence is `sequence` or more. */
  #indexOf(sequence: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.sequence ?? sequence) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
