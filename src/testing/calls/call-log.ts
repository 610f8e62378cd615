import type { Clock } from '../../core/clock.js';
import { codeName } from '../../core/status.js';
import type { CallOutcome, RecordedCall } from './recorded-call.js';

/** A call, when it comes. */
export type ArrivedCall = Omit<RecordedCall, 'outcome' | 'time'>;

/** Ends a call in the log. Only the first end counts. */
export type EndCall = (code: number, message: string) => void;

/** What a log keeps, and whom it tells. */
export interface CallLogOptions {
  /** All calls, or only those that are open. */
  readonly keeps: 'all' | 'open';
  /** Is told of every call when it ends. */
  readonly onCall: (call: RecordedCall) => void;
}

interface Entry {
  readonly arrived: Omit<RecordedCall, 'outcome'>;
  outcome?: CallOutcome;
}

/** The calls that were made, or those of them that are open, in the order in which they came. */
export class CallLog {
  readonly #clock: Clock;
  readonly #options: CallLogOptions;
  readonly #watchers = new Set<() => void>();
  readonly #entries = new Set<Entry>();

  constructor(clock: Clock, options: CallLogOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Notes a call that has come. */
  begin(call: ArrivedCall): EndCall {
    const entry: Entry = { arrived: { ...call, time: this.#clock.now() } };
    this.#entries.add(entry);
    for (const watcher of this.#watchers) watcher();
    return (code, message) => {
      if (entry.outcome) return;
      const ended = code === 0 ? 'OK' : codeName(code);
      entry.outcome = { code: ended, message: code === 0 ? '' : message, time: this.#clock.now() };
      if (this.#options.keeps === 'open') this.#entries.delete(entry);
      this.#options.onCall(recorded(entry));
    };
  }

  list(): readonly RecordedCall[] {
    return Array.from(this.#entries, recorded);
  }

  /** Resolves with the calls of a method as soon as there are so many. */
  whenCalled(method: string, times: number): Promise<readonly RecordedCall[]> {
    return new Promise((resolve) => {
      const watcher = () => {
        const calls = this.list().filter((call) => call.method === method);
        if (calls.length < times) return;
        this.#watchers.delete(watcher);
        resolve(calls);
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  /** @throws Error that names every call which has not been answered. */
  expectNoOpenCalls(): void {
    const open = this.list().filter(({ outcome }) => !outcome);
    if (open.length === 0) return;
    const lines = open.map(
      ({ method, request, over, time, fault }) =>
        `  ${method} ${JSON.stringify(request)} over ${over}, for ${this.#clock.now() - time} ms${fault ? `, as it met the fault ${fault}` : ''}`,
    );
    const count = open.length === 1 ? '1 call is open' : `${open.length} calls are open`;
    throw new Error(`${count}: await them, or have the caller give them up\n${lines.join('\n')}`);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function recorded({ arrived, outcome }: Entry): RecordedCall {
  return outcome ? { ...arrived, outcome } : arrived;
}
