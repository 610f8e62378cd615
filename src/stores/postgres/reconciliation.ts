import { LOCK_TIMEOUT_MS } from './locked-rows.js';
import type { Notice } from './notice.js';
import { notify, type Session } from './session.js';

const BATCH = 1000;

/**
 * Gives every unfinished operation a job that has none. None should be without: this is the net for jobs that were
 * deleted by hand, restored from an older backup than the operations, or lost in a way that nobody thought of. In
 * small transactions, and by one server at a time.
 */
export async function reconcile(session: Session, workNotice: (method: string) => Notice): Promise<void> {
  const { rows } = await session.database.query(session.sql.unfinishedMethods);
  for (const { method } of rows) {
    await session.jobs.prepare(method);
    for (let after: string | undefined = '0'; after !== undefined; ) {
      after = await reconcileBatch(session, workNotice(method), after);
    }
  }
}

/** Tells where the next batch begins; undefined at the end, or when another server is at it. */
async function reconcileBatch(session: Session, notice: Notice, after: string): Promise<string | undefined> {
  const { database, jobs, sql, channel } = session;
  const method = notice.subject;
  return await database.transaction({ lock_timeout: LOCK_TIMEOUT_MS }, async (queries) => {
    const lock = 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked';
    const { rows: locks } = await queries.query(lock, [`longrunning reconciliation ${channel}`]);
    if (!locks[0].locked) return undefined;
    const { rows } = await queries.query(sql.unfinished, [method, after, BATCH]);
    const names = rows.map(({ name }) => name);
    const added = names.length > 0 ? await jobs.add(queries, method, names) : 0;
    if (added > 0) await notify(session, queries, [notice]);
    return rows.length === BATCH ? rows[BATCH - 1].sequence : undefined;
  });
}
