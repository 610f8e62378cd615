import { settingsFrom } from '../../src/stores/postgres/options.js';
import { openSession, type Session } from '../../src/stores/postgres/session.js';
import type { closeAfterEach } from './close-after-each.js';
import type { TestDatabase } from './postgres-database.js';

/** Opens a session of a store on a database. It is closed after the test. */
export async function openTestSession(
  { url }: TestDatabase,
  closing: ReturnType<typeof closeAfterEach>,
): Promise<Session> {
  const session = await openSession(settingsFrom({ connectionString: url, poolSize: 3 }), () => {});
  closing({
    async [Symbol.asyncDispose]() {
      await session.jobs.close();
      await session.pools.close();
    },
  });
  return session;
}
