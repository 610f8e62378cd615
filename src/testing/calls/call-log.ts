import type { JsonObject } from '@bufbuild/protobuf';
import type { Clock } from '../../core/clock.js';
import { type CodeName, codeName } from '../../core/status.js';
import type { Fault } from '../faults/fault.js';

/** Call that has arrived and not ended. */
export type ArrivedCall = Omit<RecordedCall, 'outcome' | 'time'>;

/** Ends a call in the log. Only the first call counts. */
export type EndCall = (code: number, message: string) => void;

/** Options of a {@link CallLog}. */
export interface CallLogOptions {
  /** Calls to keep: all, or only open ones. */
  readonly keeps: 'all' | 'open';
  /** Called with every call when it ends. */
  readonly onCall: (call: RecordedCall) => void;
}

interface Entry {
  readonly arrived: Omit<RecordedCall, 'outcome'>;
  outcome?: CallOutcome;
}

/** Recorded calls in the order of arrival: all, or only open ones. */
export class CallLog {
  readonly #clock: Clock;
  readonly #options: CallLogOptions;
  readonly #watchers = new Set<() => void>();
  readonly #entries = new Set<Entry>();

  constructor(clock: Clock, options: CallLogOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Records a call that has arrived. */
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

  /** Resolves with the calls of a method once there are at least `times`. */
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

  /** @throws Error that names every unanswered call. */
  expectNoOpenCalls(): void {
    const open = this.list().filter(({ outcome }) => !outcome);
    if (open.length === 0) return;
    const lines = open.map(
      ({ method, request, over, time, fault }) =>
        `  ${method} ${JSON.stringify(request)} over ${over}, for ${this.#clock.now() - time} ms${fault ? `, because of the fault ${fault}` : ''}`,
    );
    const count = open.length === 1 ? '1 call is open' : `${open.length} calls are open`;
    throw new Error(`${count}: await them or abort them\n${lines.join('\n')}`);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function recorded({ arrived, outcome }: Entry): RecordedCall {
  return outcome ? { ...arrived, outcome } : arrived;
}

/** Call that a server received. */
export interface RecordedCall {
  /** Full name of the method, such as `google.longrunning.Operations.GetOperation`. */
  readonly method: string;
  /** Request in ProtoJSON. */
  readonly request: JsonObject;
  /** Metadata of the call. For REST, the headers that became metadata. Binary values are in base64. */
  readonly headers: Readonly<Record<string, string>>;
  readonly over: 'gRPC' | 'REST';
  /** Time of arrival in milliseconds since 1970, by the server's clock. */
  readonly time: number;
  /** Injected fault, if any. */
  readonly fault?: NonNullable<Fault['effect']> | 'error' | 'delay';
  /** Outcome of the call, or undefined while it is open. */
  readonly outcome?: {
    /** Status code. CANCELLED also if the caller cancelled the call or its deadline passed. */
    readonly code: CodeName;
    /** Error message, or empty for OK. */
    readonly message: string;
    /** Time of the end, in the unit of {@link RecordedCall.time}. */
    readonly time: number;
  };
}

/** Outcome of a call. */
export type CallOutcome = NonNullable<RecordedCall['outcome']>;
