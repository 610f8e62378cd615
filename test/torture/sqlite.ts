import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { TortureOptions } from './torture.ts';

const SHARE_OF_WRITERS = 0.2;
/** Longer than the store waits for another writer. */
const LONGEST_WRITE_MS = 800;

/** Tortures one server on a SQLite file that another program writes to occasionally. */
export function sqliteTorture(
  file: string,
  given: Pick<TortureOptions, 'kills' | 'module' | 'onKill'>,
): TortureOptions {
  let isHeld = false;
  return {
    ...given,
    store: `sqlite:${file}`,
    servers: 1,
    async disturb() {
      if (isHeld || Math.random() >= SHARE_OF_WRITERS) return;
      isHeld = true;
      // Servers are killed meanwhile.
      holdBackWriters(file).finally(() => {
        isHeld = false;
      });
    },
  };
}

async function holdBackWriters(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 200; BEGIN IMMEDIATE');
    await delay(Math.random() * LONGEST_WRITE_MS);
    database.exec('ROLLBACK');
  } catch {
    // The server was faster, or is just opening the file.
  } finally {
    database.close();
  }
}
