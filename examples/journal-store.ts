// Custom store: everything is in memory, and every change is a line of a file, which is read at the start.
// docs/custom-store.md explains it; the tests run the conformance table over it.

import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { Code, StatusError } from 'longrunning';
import {
  type ConsumeOptions,
  type ListPage,
  type ListQuery,
  listedSize,
  matchesParent,
  type OperationRecord,
  type OperationStore,
  type WorkConsumer,
} from 'longrunning/server';

/** Record with its position in the order of creation. */
interface Entry {
  readonly sequence: number;
  readonly record: OperationRecord;
}

export class JournalStore implements OperationStore {
  readonly file: string;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(name?: string) => void>();
  readonly #inHand = new Set<string>();
  #sequence = 0;
  #handOut = () => {};

  constructor(file: string) {
    this.file = file;
    const text = existsSync(file) ? readFileSync(file, 'latin1') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    // Text after the last line break was being written when the process died. No caller was told that it
    // succeeded.
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

  async findByRequestId(
    key: Parameters<OperationStore['findByRequestId']>[0],
  ): Promise<OperationRecord | undefined> {
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

  async list({ parent, matches, now, limit, maxBytes, after }: ListQuery): Promise<ListPage> {
    const before = Number(after ?? Number.POSITIVE_INFINITY);
    const found = [...this.#entries.values()]
      .reverse()
      .filter(
        ({ sequence, record }) =>
          sequence < before &&
          matchesParent(parent, record.parent) &&
          record.deleteTime === undefined &&
          !isExpired(record, now) &&
          (matches?.(record) ?? true),
      );
    const page = found.slice(0, countWithin(found, limit, maxBytes));
    const records = page.map(({ record }) => record);
    return found.length > page.length ? { records, next: String(page.at(-1)?.sequence) } : { records };
  }

  async deleteExpired(now: number, limit: number): Promise<number> {
    const expired = this.#records()
      .filter((record) => isExpired(record, now))
      .slice(0, limit);
    for (const { name } of expired) this.#write(name);
    return expired.length;
  }

  async unfinishedMethods(): Promise<readonly string[]> {
    const unfinished = this.#records().filter(({ result }) => !result);
    return [...new Set(unfinished.map(({ method }) => method))];
  }

  watch(listener: (name?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  consume(handler: Parameters<OperationStore['consume']>[0], options: ConsumeOptions): WorkConsumer {
    const { methods, maxRunning, maxRunningOf = () => Number.POSITIVE_INFINITY, onError } = options;
    // Not handed out again by this process although it is not terminal. The next process will.
    const lost = new Set<string>();
    const take = async (record: OperationRecord) => {
      const { name } = record;
      this.#inHand.add(name);
      try {
        if ((await handler(record)) === 'superseded') lost.add(name);
      } catch (error) {
        lost.add(name);
        onError(error);
      }
      this.#inHand.delete(name);
      this.#handOut();
    };
    this.#handOut = () => {
      for (const record of this.#records()) {
        if (this.#inHand.size >= maxRunning) return;
        const { name, result, method } = record;
        const isTaken = this.#inHand.has(name) || lost.has(name);
        const running = this.#records().filter(
          (each) => each.method === method && this.#inHand.has(each.name),
        );
        const hasRoom = methods.has(method) && running.length < maxRunningOf(method);
        if (!result && !isTaken && hasRoom) take(record);
      }
    };
    this.#handOut();
    return {
      added: () => this.#handOut(),
      stop: () => {
        this.#handOut = () => {};
      },
    };
  }

  async close(): Promise<void> {
    this.#handOut = () => {};
    this.#listeners.clear();
  }

  #startedBy({
    method,
    parent,
    requestId,
  }: Partial<Parameters<OperationStore['findByRequestId']>[0]>): OperationRecord | undefined {
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
    appendFileSync(this.file, `${serialize(change).toString('base64')}\n`, { flush: true });
    this.#apply(change);
    const name = typeof change === 'string' ? change : change.record.name;
    for (const listener of this.#listeners) listener(name);
    this.#handOut();
  }

  /** Change: the new state of an entry, or the name of a deleted one. */
  #apply(change: Entry | string): void {
    if (typeof change === 'string') {
      this.#entries.delete(change);
      return;
    }
    // A Map keeps insertion order, which is the order of creation.
    this.#entries.set(change.record.name, change);
    this.#sequence = Math.max(this.#sequence, change.sequence);
  }
}

function isExpired({ expireTime }: OperationRecord, now: number): boolean {
  return expireTime !== undefined && expireTime <= now;
}

/** Number of entries that fit a page: at least one, if there is any. */
function countWithin(entries: readonly Entry[], limit: number, maxBytes = Number.POSITIVE_INFINITY): number {
  let bytes = 0;
  const beyond = entries.findIndex(({ record }, index) => {
    bytes += listedSize(record);
    return index === limit || (index > 0 && bytes > maxBytes);
  });
  return beyond < 0 ? entries.length : beyond;
}
