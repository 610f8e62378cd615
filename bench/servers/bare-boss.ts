import { PgBoss } from 'pg-boss';
import { inLanes } from '../harness/lanes.ts';
import { answerParent } from '../harness/parent-link.ts';
import type { LifecycleRequests } from './replica.ts';

/** pg-boss as it is, with as many connections as the store of the kit has. */
export type BareBossRequests = LifecycleRequests & {
  open(url: string): Promise<void>;
};

const QUEUE = 'bare';
let boss: PgBoss;

answerParent({
  async open(url) {
    boss = new PgBoss({ connectionString: url, schema: 'bare', max: 10, supervise: false, schedule: false });
    boss.on('error', (error) => console.error(error));
    await boss.start();
    await boss.createQueue(QUEUE);
  },
  lifecycles: (load) =>
    inLanes(load, async () => {
      await boss.send(QUEUE, { operation: 'projects/example/locations/europe-west3/operations/1' });
      // Called directly: its workers poll, and would be told by that how fast they are.
      const jobs = await boss.fetch(QUEUE);
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      );
    }),
} satisfies BareBossRequests);
