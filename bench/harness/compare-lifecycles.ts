import type { LifecycleRequests, Lifecycles } from '../servers/replica.ts';
import type { Measurements } from './bench-case.ts';
import type { Child } from './child.ts';
import { alternate } from './rounds.ts';

const ROUNDS = { warmUp: 2, measured: 7 };

/** How many operations a second two processes bring from start to done. */
export async function compareLifecycles<Ours extends LifecycleRequests, Theirs extends LifecycleRequests>(
  { ours, theirs }: { readonly ours: Child<Ours>; readonly theirs: Child<Theirs> },
  lifecycles: Lifecycles,
): Promise<Measurements> {
  const perSecond = (side: Child<Ours> | Child<Theirs>) => async () =>
    (1000 * lifecycles.count) / (await (side as Child<LifecycleRequests>).ask('lifecycles', lifecycles));
  const rounds = await alternate({ ours: perSecond(ours), theirs: perSecond(theirs) }, ROUNDS);
  return { main: { quantity: 'lifecycles per second', rounds }, context: [] };
}
