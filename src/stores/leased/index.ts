/**
 * Stores of your own: implement `RecordStore` for a database, and `leasedStore` makes a store of it.
 *
 * @module longrunning/store
 */

export { type LeasedStoreOptions, leasedStore } from './leased-store.js';
export type { RecordStore } from './record-store.js';
export { listPage } from './list-page.js';

// To implement a whole store.
export type { Filter } from '../../filter/index.js';
export { matchesParent } from '../../core/name.js';
export type {
  ConsumeOptions,
  ListPage,
  ListQuery,
  OperationRecord,
  OperationStore,
} from '../contract/operation-store.js';
