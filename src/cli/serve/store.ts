import { StatusError } from '../../index.js';
import { memoryStore, type OperationStore } from '../../server/index.js';
import { UsageError } from '../output/failure.js';

const POSTGRES = /^postgres(?:ql)?:/;

const ADDRESS = 'write postgres://USER:PASSWORD@HOST/DATABASE';

const KNOWN =
  'write memory, sqlite:FILE, such as sqlite:operations.db, or postgres://USER:PASSWORD@HOST/DATABASE';

/**
 * Opens the store that `--store` names. The caller closes it.
 *
 * @param listen - address for notifications of PostgreSQL. @defaultValue the address of the store
 * @throws UsageError if the store is unknown or unavailable.
 */
export async function openStore(given: string, listen?: string): Promise<OperationStore> {
  const store = await makeStore(given, listen);
  try {
    await store.ready();
  } catch (cause) {
    throw new UsageError(`store cannot be used: ${StatusError.from(cause).message}`, { cause });
  }
  return store;
}

async function makeStore(given: string, listen: string | undefined): Promise<OperationStore> {
  if (POSTGRES.test(given)) {
    if (listen !== undefined && !POSTGRES.test(listen)) {
      throw new UsageError(`store-listen ${JSON.stringify(listen)} is malformed: ${ADDRESS}`);
    }
    const { postgresStore } = await import('../../stores/postgres/index.js');
    return postgresStore({ connectionString: given, listenConnectionString: listen });
  }
  if (listen !== undefined) {
    throw new UsageError(
      `store-listen is for PostgreSQL, and store is ${JSON.stringify(given)}: leave it out`,
    );
  }
  if (given === 'memory') return memoryStore();
  const path = /^sqlite:(?<path>.+)$/s.exec(given)?.groups?.path;
  if (path === undefined) throw new UsageError(`store ${JSON.stringify(given)} is unknown: ${KNOWN}`);
  // Loaded lazily: Node 22 warns that node:sqlite is experimental.
  const { sqliteStore } = await import('../../stores/sqlite/index.js');
  return sqliteStore(path);
}
