import { startPostgres } from '../../test/helpers/postgres-server.ts';
import type { BareBossRequests } from '../servers/bare-boss.ts';
import type { Opening, ReplicaRequests } from '../servers/replica.ts';
import { Child, type Place } from './child.ts';

const REPLICA = new URL('../servers/replica.ts', import.meta.url);

/** A PostgreSQL, and processes on it. */
export interface Replicas {
  readonly url: string;
  start<Offered extends ReplicaRequests | BareBossRequests>(module: URL): Promise<Child<Offered>>;
  /** @param place - two replicas that work at once need more than one CPU. */
  replica(opening: Opening, place?: Place): Promise<Child<ReplicaRequests>>;
}

/** Measures with replicas on a PostgreSQL that keeps what it commits. */
export async function withPostgres<Result>(
  measure: (replicas: Replicas) => Promise<Result>,
): Promise<Result> {
  const processes = new AsyncDisposableStack();
  try {
    const postgres = await startPostgres(['max_connections=100']);
    processes.defer(() => postgres.stop());
    const start = async <Offered extends ReplicaRequests | BareBossRequests>(
      module: URL,
      place: Place = 'server',
    ) => processes.use(await Child.start<Offered>(module, place));
    const replica = async (opening: Opening, place?: Place) => {
      const child = await start<ReplicaRequests>(REPLICA, place);
      await child.ask('open', opening);
      return child;
    };
    return await measure({ url: postgres.url, start, replica });
  } finally {
    await processes.disposeAsync();
  }
}
