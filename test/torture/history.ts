// Observations of clients and work while servers and databases die, and the violations among them. Pure: events in,
// violations out.

/** Result of an operation. */
export type Ending =
  /** `attempt` is the attempt that returned the response, recorded there by the work. */
  | { readonly type: 'succeeded'; readonly attempt: number }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly code: number };

/** Done operation, as a reader received it. */
export interface Done {
  readonly ending: Ending;
  /** Complete message as text: a done operation never changes. */
  readonly message: string;
  /** True if its metadata says that cancellation was requested. */
  readonly cancelRequested: boolean;
  /** Time of the end, from its metadata. */
  readonly endTime: number;
}

/** Event of the history. Times are milliseconds since 1970, by the clock of the one machine. */
export type HistoryEvent = { readonly name: string; readonly at: number } & (
  | { readonly type: 'start acknowledged' }
  | { readonly type: 'cancel acknowledged' }
  /** A Get, Wait or List sent at `askedAt` returned it; without `done` it was still running. */
  | { readonly type: 'seen'; readonly askedAt: number; readonly done?: Done }
  | { readonly type: 'not found' }
  | { readonly type: 'wait began'; readonly wait: number }
  | { readonly type: 'wait returned'; readonly wait: number }
  | { readonly type: 'work began'; readonly attempt: number; readonly server: number }
  /** The signal of the work aborted because cancellation was requested. */
  | { readonly type: 'work was cancelled'; readonly attempt: number }
  /** Work is about to return its response. */
  | { readonly type: 'work returns'; readonly attempt: number }
);

/** Event without its operation and time. */
export type EventFacts = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, 'name' | 'at'>
    : never
  : never;

/** Events of one type. */
type Of<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { readonly type: Type }>;

/**
 * Returns all violations of the contract in a finished history, one line each. A history is finished if every
 * operation was read once more after the last disturbance.
 *
 * @param cancelDelayMs - longest time that an acknowledged cancel may take to reach the work on another server.
 */
export function violations(history: readonly HistoryEvent[], cancelDelayMs = 0): string[] {
  const byName = Map.groupBy(history, ({ name }) => name);
  return [...byName].flatMap(([name, events]) =>
    violationsOfOne(events, cancelDelayMs).map((fault) => `${name}: ${fault}`),
  );
}

function violationsOfOne(events: readonly HistoryEvent[], cancelDelayMs: number): string[] {
  const seen = ofType(events, 'seen').toSorted((a, b) => a.askedAt - b.askedAt);
  const started = ofType(events, 'start acknowledged').length > 0;
  const faults = [...repeatedAttempts(events), ...unreturnedWaits(events), ...changesAfterEnd(seen)];
  if (started && ofType(events, 'not found').length > 0) {
    faults.push('was acknowledged, and then not found (contract 4)');
  }
  const last = seen.at(-1);
  if (last?.done)
    faults.push(...wrongEnding(events, last.done), ...lostCancels(events, last.done, cancelDelayMs));
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
  // Either of two concurrent reads may be outdated; a read sent after the other's response may not.
  const endSeenAt = Math.min(...seen.flatMap(({ done, at }) => (done ? [at] : [])));
  if (seen.some(({ done, askedAt }) => !done && askedAt > endSeenAt)) {
    faults.push('was seen going on after its end (contract 4)');
  }
  return faults;
}

/** A response must come from the latest attempt: earlier attempts must not report, and none starts after the end. */
function wrongEnding(events: readonly HistoryEvent[], { ending }: Done): string[] {
  if (ending.type !== 'succeeded') return [];
  const latest = Math.max(0, ...ofType(events, 'work began').map(({ attempt }) => attempt));
  return ending.attempt === latest ? [] : [`attempt ${latest} began, and attempt ${ending.attempt} ended it`];
}

/** An acknowledged cancel found the operation done, or is recorded and reached the work (contract 19). */
function lostCancels(
  events: readonly HistoryEvent[],
  { ending, cancelRequested, endTime }: Done,
  cancelDelayMs: number,
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
    (event) => event.attempt === attempt && event.at <= at + cancelDelayMs,
  );
  return reached || wasReturning
    ? []
    : ['was run to its end as if no cancel had been acknowledged (contract 19)'];
}

function ofType<Type extends HistoryEvent['type']>(events: readonly HistoryEvent[], type: Type): Of<Type>[] {
  return events.filter((event): event is Of<Type> => event.type === type);
}
