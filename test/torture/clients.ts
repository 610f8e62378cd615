import { setTimeout as delay } from 'node:timers/promises';
import { credentials, Metadata } from '@grpc/grpc-js';
import { Code, OperationsClient, StatusError, unpack, type WaitOptions } from 'longrunning';
import {
  type ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
  ReportsClient,
} from 'longrunning/generated/example/reports/v1/reports';
import { Operation } from 'longrunning/generated/google/longrunning/operations';
import type { Done, Ending, EventFacts, HistoryEvent } from './history.ts';

const PARENT = 'projects/torture';
const CALL_MS = 5000;
const PAUSE_MS = 20;
/** Killed servers restart faster than this, so a longer backoff is unnecessary. */
const CHANNEL_OPTIONS = { 'grpc.initial_reconnect_backoff_ms': 20, 'grpc.max_reconnect_backoff_ms': 200 };
/** Expected errors of calls while servers die. */
const EXPECTED = new Set<Code>([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.CANCELLED, Code.INTERNAL]);

let waits = 0;

/** Client that starts, cancels and waits at random, and records the responses. */
export class TortureClient {
  readonly #stub: ReportsClient;
  readonly #operations: OperationsClient;
  readonly #record: (event: HistoryEvent) => void;

  constructor(address: string, record: (event: HistoryEvent) => void) {
    this.#stub = new ReportsClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#operations = new OperationsClient({ address, channelOptions: CHANNEL_OPTIONS });
    this.#record = record;
  }

  /** Starts an operation, cancels it at random, and waits for its end. */
  async live(): Promise<void> {
    const name = await this.#start();
    if (name === undefined) return;
    const waited = this.wait(name);
    if (Math.random() < 0.5) {
      await delay(Math.random() * 300);
      await this.#cancel(name);
    }
    if (Math.random() < 0.5) await this.see(name);
    await waited;
  }

  /** Waits for its end, with as many calls as necessary. */
  async wait(name: string): Promise<void> {
    const wait = ++waits;
    this.#tell(name, { type: 'wait began', wait });
    const askedAt = Date.now();
    await this.#untilAnswered(name, async () => {
      const options: WaitOptions = { timeoutMs: 60_000 };
      const { operation } = await this.#operations.operation(name).wait(options);
      this.#seen(operation, askedAt);
    });
    this.#tell(name, { type: 'wait returned', wait });
  }

  /** Reads an operation until a call succeeds. */
  async see(name: string): Promise<void> {
    await this.#untilAnswered(name, async () => {
      const askedAt = Date.now();
      this.#seen(await this.#operations.getOperation({ name }, { timeoutMs: CALL_MS }), askedAt);
    });
  }

  /** Reads all operations, page by page. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    const askedAt = Date.now();
    for await (const operation of this.#operations.list({ name: PARENT, pageSize: 100 })) {
      this.#seen(operation, askedAt);
      names.push(operation.name);
    }
    return names;
  }

  close(): void {
    this.#stub.close();
    this.#operations.close();
  }

  /** Starts an operation. Resolves to its name, or to undefined if the start was not acknowledged. */
  async #start(): Promise<string | undefined> {
    const method = Math.random() < 0.5 ? 'exportReport' : 'purgeReports';
    const request: ExportReportRequest = { parent: PARENT, title: '', requestId: '' };
    const { promise, resolve, reject } = Promise.withResolvers<Operation>();
    const call = (error: Error | null, operation: Operation) => (error ? reject(error) : resolve(operation));
    this.#stub[method](request, new Metadata(), { deadline: Date.now() + CALL_MS }, call);
    try {
      const { name } = await promise;
      this.#tell(name, { type: 'start acknowledged' });
      return name;
    } catch (error) {
      assertExpected(error);
      await delay(PAUSE_MS);
      return undefined;
    }
  }

  /** Requests cancellation until a call succeeds. */
  async #cancel(name: string): Promise<void> {
    await this.#untilAnswered(name, async () => {
      await this.#operations.cancelOperation({ name }, { timeoutMs: CALL_MS });
      this.#tell(name, { type: 'cancel acknowledged' });
    });
  }

  async #untilAnswered(name: string, ask: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (StatusError.from(error).code === Code.NOT_FOUND) return this.#tell(name, { type: 'not found' });
        assertExpected(error);
        await delay(PAUSE_MS);
      }
    }
  }

  #seen(operation: Operation, askedAt: number): void {
    const done = operation.done ? doneOf(operation) : undefined;
    this.#tell(operation.name, { type: 'seen', askedAt, ...(done && { done }) });
  }

  #tell(name: string, facts: EventFacts): void {
    this.#record({ name, at: Date.now(), ...facts } as HistoryEvent);
  }
}

function doneOf(operation: Operation): Done {
  const metadata = operation.metadata && unpack(ReportMetadata, operation.metadata);
  return {
    ending: endingOf(operation),
    message: JSON.stringify(Operation.toJSON(operation)),
    cancelRequested: metadata?.cancelRequested ?? false,
    endTime: metadata?.endTime?.getTime() ?? Number.NaN,
  };
}

function endingOf({ result }: Operation): Ending {
  if (result?.$case === 'error') {
    const { code } = result.value;
    return code === Code.CANCELLED ? { type: 'cancelled' } : { type: 'failed', code };
  }
  const response = result?.value;
  const numbered = response?.typeUrl.endsWith(ExportReportResponse.$type);
  // Only resumed work has more than one attempt.
  const attempt = response && numbered ? unpack(ExportReportResponse, response).rowCount : 1;
  return { type: 'succeeded', attempt: Number(attempt) };
}

function assertExpected(error: unknown): void {
  if (!EXPECTED.has(StatusError.from(error).code)) throw error;
}
