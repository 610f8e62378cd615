// What clients and work saw while servers and databases died, and what of it must not be. Pure: events in, violations out.

/** How an operation ended. */
export type Ending =
  /** `attempt` is the one whose response it is: the work puts it there. */
  | { readonly type: 'succeeded'; readonly attempt: number }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly code: number };

/** What a reader was told of an operation that is done. */
export interface Done {
  readonly ending: Ending;
  /** The whole message as text: one that is done never changes. */
  readonly message: string;
  /** Whether its metadata says that cancellation was requested. */
  readonly cancelRequested: boolean;
  /** When it ended, by its metadata. */
  readonly endTime: number;
}

/** Times are milliseconds since 1970 on the one machine that all of it happens on. */
export type HistoryEvent = { readonly name: string; readonly at: number } & (
  | { readonly type: 'start acknowledged' }
  | { readonly type: 'cancel acknowledged' }
  /** A Get, Wait or List that was asked at `askedAt` showed it; without `done`, still going on. */
  | { readonly type: 'seen'; readonly askedAt: number; readonly done?: Done }
  | { readonly type: 'not found' }
  | { readonly type: 'wait began'; readonly wait: number }
  | { readonly type: 'wait returned'; readonly wait: number }
  | { readonly type: 'work began'; readonly attempt: number; readonly server: number }
  /** Work saw its signal abort because cancellation was requested. */
  | { readonly type: 'work was cancelled'; readonly attempt: number }
  /** Work is about to return its response. */
  | { readonly type: 'work returns'; readonly attempt: number }
);

/** An event, but for the operation and the time that it is of. */
export type EventFacts = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, 'name' | 'at'>
    : never
  : never;

/** Events of one type. */
type Of<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { readonly type: Type }>;

/**
 * Everything in a finished history that the contract forbids, one line each. A history is finished when all
 * disturbance is over and every operation was seen once more after that.
 *
 * @param heedMs - how long a cancel that was acknowledged may be on its way to the work on another server.
 */
export function violations(history: readonly HistoryEvent[], heedMs = 0): string[] {
  const byName = Map.groupBy(history, ({ name }) => name);
  return [...byName].flatMap(([name, events]) =>
    violationsOfOne(events, heedMs).map((fault) => `${name}: ${fault}`),
  );
}

function violationsOfOne(events: readonly HistoryEvent[], heedMs: number): string[] {
  const seen = ofType(events, 'seen').toSorted((a, b) => a.askedAt - b.askedAt);
  const started = ofType(events, 'start acknowledged').length > 0;
  const faults = [...repeatedAttempts(events), ...unreturnedWaits(events), ...changesAfterEnd(seen)];
  if (started && ofType(events, 'not found').length > 0) {
    faults.push('was acknowledged, and then not found (contract 4)');
  }
  const last = seen.at(-1);
  if (last?.done) faults.push(...wrongEnding(events, last.done), ...lostCancels(events, last.done, heedMs));
  else if (started || last) faults.push('has not ended when all had settled');
  return faults;
}

function repeatedAttempts(events: readonly HistoryEvent[]): string[] {
  const runs = Map.groupBy(ofType(events, 'work began'), ({ attempt }) => attempt);
  return [...runs].flatMap(([attempt, began]) =>
    began.length > 1 ? [`attempt ${attempt} was begun ${began.length} times`] : [],
  );
}

function unreturnedWaits(events: readonly HistoryEvent[]): string[] {
  const returned = new Set(ofType(events, 'wait returned').map(({ wait }) => wait));
  const hanging = ofType(events, 'wait began').filter(({ wait }) => !returned.has(wait));
  return hanging.map(({ wait }) => `wait ${wait} never returned (contract 21)`);
}

function changesAfterEnd(seen: readonly Of<'seen'>[]): string[] {
  const messages = new Set(seen.flatMap(({ done }) => (done ? [done.message] : [])));
  const faults =
    messages.size > 1 ? [`has several endings (contract 4, 16): ${[...messages].join(' | ')}`] : [];
  // Of two readings at the same time either may be late; one that was asked for after the other's answer may not.
  const endSeenAt = Math.min(...seen.flatMap(({ done, at }) => (done ? [at] : [])));
  if (seen.some(({ done, askedAt }) => !done && askedAt > endSeenAt)) {
    faults.push('was seen going on after its end (contract 4)');
  }
  return faults;
}

/** A response must be that of the latest attempt: an earlier one must not speak, and none begins after the end. */
function wrongEnding(events: readonly HistoryEvent[], { ending }: Done): string[] {
  if (ending.type !== 'succeeded') return [];
  const latest = Math.max(0, ...ofType(events, 'work began').map(({ attempt }) => attempt));
  return ending.attempt === latest ? [] : [`attempt ${latest} began, and attempt ${ending.attempt} ended it`];
}

/** An acknowledged cancel found the operation done, or is recorded and reached the work (contract 19). */
function lostCancels(
  events: readonly HistoryEvent[],
  { ending, cancelRequested, endTime }: Done,
  heedMs: number,
): string[] {
  const [acknowledged] = ofType(events, 'cancel acknowledged').toSorted((a, b) => a.at - b.at);
  if (!acknowledged) return [];
  const { at } = acknowledged;
  if (!cancelRequested) {
    return endTime <= at ? [] : ['forgot a cancel that was acknowledged before its end (contract 19)'];
  }
  if (ending.type !== 'succeeded') return [];
  const { attempt } = ending;
  const reached = ofType(events, 'work was cancelled').some((event) => event.attempt === attempt);
  const wasReturning = ofType(events, 'work returns').some(
    (event) => event.attempt === attempt && event.at <= at + heedMs,
  );
  return reached || wasReturning
    ? []
    : ['was run to its end as if no cancel had been acknowledged (contract 19)'];
}

function ofType<Type extends HistoryEvent['type']>(events: readonly HistoryEvent[], type: Type): Of<Type>[] {
  return events.filter((event): event is Of<Type> => event.type === type);
}
