import type { OperationRecord, OperationStore } from '../contract/operation-store.js';

/**
 * Records of operations, without the distribution of their work: the part of a store that differs between databases.
 * `leasedStore` makes a store of it. With `watch`, changes by other servers are noticed at once, otherwise by polling.
 */
export interface RecordStore
  extends Pick<
    OperationStore,
    | 'durable'
    | 'ready'
    | 'create'
    | 'get'
    | 'findByRequestId'
    | 'compareAndSet'
    | 'delete'
    | 'list'
    | 'deleteExpired'
    | 'unfinishedMethods'
    | 'close'
  > {
  /** Rejects if changes cannot be stored: see {@link OperationStore.checkWritable}. */
  checkWritable?(): Promise<void>;
  /** Random bytes that all servers share: see {@link OperationStore.secret}. */
  secret?(): Promise<Uint8Array>;
  /** Counts records that are not terminal: see {@link OperationStore.countUnfinished}. */
  countUnfinished?(limit: number): ReturnType<NonNullable<OperationStore['countUnfinished']>>;
  /** Calls a listener after each change: see {@link OperationStore.watch}. */
  watch?(listener: Parameters<OperationStore['watch']>[0]): () => void;
  /**
   * Returns at most `limit` unfinished records of these methods without a current lease, oldest first. A lease is current until
   * its end is `now` or earlier.
   */
  claimable(query: {
    readonly methods: readonly string[];
    readonly now: number;
    readonly limit: number;
  }): Promise<readonly OperationRecord[]>;
  /**
   * Sets the lease of an operation, atomically, unless another holder has a current one. It does not change the record.
   *
   * @param lease - the server that has the work, and the end of the lease in milliseconds since 1970.
   * @returns true if the lease was set.
   */
  lease(
    name: string,
    lease: { readonly holder: string; readonly until: number },
    now: number,
  ): Promise<boolean>;
}
