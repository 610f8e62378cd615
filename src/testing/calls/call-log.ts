import type { Clock } from '../../clock.js';
import { codeName } from '../../status.js';
import type { CallOutcome, RecordedCall } from './recorded-call.js';

/** A call, when it comes. */
export type ArrivedCall = Omit<RecordedCall, 'outcome' | 'time'>;

/** Ends a call in the log. Only the first end counts. */
export type EndCall = (code: number, message: string) => void;

interface Entry {
  readonly arrived: Omit<RecordedCall, 'outcome'>;
  outcome?: CallOutcome;
}

/** The calls that were made, in the order in which they came. */
export class CallLog {
  readonly #clock: Clock;
  readonly #onCall: (call: RecordedCall) => void;
  readonly #watchers = new Set<() => void>();
  #entries: Entry[] = [];

  /** @param onCall - is told of every call when it ends. */
  constructor(clock: Clock, onCall: (call: RecordedCall) => void = () => {}) {
    this.#clock = clock;
    this.#onCall = onCall;
  }

  /** Notes a call that has come. */
  begin(call: ArrivedCall): EndCall {
    const entry: Entry = { arrived: { ...call, time: this.#clock.now() } };
    this.#entries.push(entry);
    for (const watcher of this.#watchers) watcher();
    return (code, message) => {
      if (entry.outcome) return;
      const ended = code === 0 ? 'OK' : codeName(code);
      entry.outcome = { code: ended, message: code === 0 ? '' : message, time: this.#clock.now() };
      this.#onCall(recorded(entry));
    };
  }

  list(): readonly RecordedCall[] {
    return this.#entries.map(recorded);
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
    this.#entries = [];
  }
}

function recorded({ arrived, outcome }: Entry): RecordedCall {
  return outcome ? { ...arrived, outcome } : arrived;
}
