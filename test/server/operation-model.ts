import { deepStrictEqual } from 'node:assert';
import { ReportMetadata } from '../../generated/example/reports/v1/reports.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import type { AbortBehavior } from '../../src/conformance/reports-server.js';
import { unpack } from '../../src/core/any.js';
import { Code, codeName, StatusError } from '../../src/core/status.js';

type Reader = 'get' | 'wait' | 'list';

/** Observations of one operation's work after its end. */
export interface Facts {
  readonly hasBegun: boolean;
  readonly onAbort: AbortBehavior;
}

/**
 * Invariants of one operation under any concurrency: the model of the races.
 *
 * It knows only what was asked and what was seen, and not how the server goes about it.
 */
export class OperationModel {
  readonly name: string;
  cancelAsked = false;
  deleteAsked = false;
  completeAsked = false;
  failAsked = false;
  #ended: Operation | undefined;
  #cancelSeen = false;
  #gone = false;

  constructor({ name }: Operation) {
    this.name = name;
  }

  /** Reads the operation, and holds what is read against all that was read before the reading began. */
  async observe(reader: Reader, read: () => Promise<Operation>): Promise<void> {
    const endedBefore = this.#ended;
    const cancelSeenBefore = this.#cancelSeen;
    const goneBefore = this.#gone;
    let seen: Operation;
    try {
      seen = await read();
    } catch (thrown) {
      this.#expectNotFound(thrown);
      this.#gone = true;
      return;
    }
    // A list that began before an operation was deleted may still show it; nothing that begins later does.
    if (goneBefore) throw new Error(`${reader} finds ${this.name} again, which was gone`);
    if (reader === 'wait' && !seen.done) throw new Error(`wait for ${this.name} was answered before the end`);
    this.#checkShape(seen);
    const cancelSeen = cancelRequested(seen);
    if (cancelSeenBefore && !cancelSeen)
      throw new Error(`${this.name} forgot its cancellation (contract 14)`);
    if (cancelSeen && !this.cancelAsked) throw new Error(`${this.name}: nobody asked for cancellation`);
    if (endedBefore) deepStrictEqual(seen, endedBefore, `${this.name} changed after its end (contract 4)`);
    // Two readings at once may overtake each other, but there is one ending only.
    if (seen.done && this.#ended)
      deepStrictEqual(seen, this.#ended, `${this.name}: two winners (contract 16)`);
    if (seen.done) this.#ended = seen;
    this.#cancelSeen ||= cancelSeen;
  }

  /** Cancel and delete are OK in every state (contract 13), but for an operation that somebody deleted. */
  async expectNotFoundOnlyIfDeleted(answer: Promise<void>): Promise<void> {
    await answer.catch((thrown) => this.#expectNotFound(thrown));
  }

  /** Returns true if the observed ending, if any, was caused by an action. */
  check({ hasBegun, onAbort }: Facts): void {
    if (!this.#ended) {
      if (!this.deleteAsked) throw new Error(`${this.name} never ended`);
      return;
    }
    const { result } = this.#ended;
    if (result?.$case === 'response' && !hasBegun) throw new Error(`${this.name} succeeded without work`);
    if (result?.$case !== 'error') return;
    const { code } = result.value;
    if (code === Code.DATA_LOSS && this.failAsked && hasBegun) return;
    if (code !== Code.CANCELLED) throw new Error(`${this.name} ended with ${codeName(code)}`);
    if (!this.cancelAsked) throw new Error(`${this.name}: cancelled, and nobody asked`);
    // Work that ignores cancellation cannot end so: it was queued, and must never have run.
    if (onAbort === 'ignore' && hasBegun) throw new Error(`${this.name}: cancelled and run (contract 17)`);
  }

  #checkShape(seen: Operation): void {
    if (seen.done !== (seen.result !== undefined)) throw new Error(`${this.name}: done and result disagree`);
    if (seen.done && unpackMetadata(seen).endTime === undefined) throw new Error(`${this.name}: no end_time`);
  }

  #expectNotFound(thrown: unknown): void {
    const { code } = StatusError.from(thrown);
    if (code !== Code.NOT_FOUND || !this.deleteAsked) throw thrown;
  }
}

function cancelRequested(operation: Operation): boolean {
  return unpackMetadata(operation).cancelRequested;
}

function unpackMetadata({ name, metadata }: Operation): ReportMetadata {
  if (!metadata) throw new Error(`${name} lost its metadata`);
  return unpack(ReportMetadata, metadata);
}
