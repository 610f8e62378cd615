import { StatusError } from '../index.js';
import { memoryStore, type OperationStore } from '../server/index.js';
import { UsageError } from './usage-error.js';

const KNOWN =
  'write memory, sqlite:FILE, such as sqlite:operations.db, or postgres://USER:PASSWORD@HOST/DATABASE';

/**
 * Opens the store that `--store` names; whoever asks for it closes it.
 *
 * @throws UsageError when there is no such store, or it cannot be used.
 */
export async function openStore(given: string): Promise<OperationStore> {
  const store = await makeStore(given);
  try {
    await store.ready();
  } catch (cause) {
    throw new UsageError(`store cannot be used: ${StatusError.from(cause).message}`, { cause });
  }
  return store;
}

async function makeStore(given: string): Promise<OperationStore> {
  if (given === 'memory') return memoryStore();
  if (/^postgres(?:ql)?:/.test(given)) {
    const { postgresStore } = await import('../stores/postgres/index.js');
    return postgresStore({ connectionString: given });
  }
  const path = /^sqlite:(?<path>.+)$/s.exec(given)?.groups?.path;
  if (path === undefined) throw new UsageError(`store ${JSON.stringify(given)} is unknown: ${KNOWN}`);
  // Loaded only when asked for: Node 22 warns of node:sqlite that it is experimental.
  const { sqliteStore } = await import('../stores/sqlite/index.js');
  return sqliteStore(path);
}
