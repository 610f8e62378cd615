import { setTimeout as delay } from 'node:timers/promises';
import { credentials, Metadata } from '@grpc/grpc-js';
import {
  Code,
  type OperationHandle,
  type OperationsClient,
  StatusError,
  WaitTimeoutError,
} from 'longrunning';
import { type ExportReportRequest, ReportsClient } from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import type { Operation } from 'longrunning/generated/google/longrunning/operations';
import { getJson } from './rest.ts';

const PARENT = 'projects/p/locations/l';
const LONGEST_PAUSE_MS = 8000;
/** How long the server keeps what has ended. */
export const RETENTION_MS = 5000;
/** Of an operation that takes half a second, on a machine that is busy. */
const PATIENCE_MS = 60_000;
const LONG = { timeoutMs: PATIENCE_MS };
const TRIES = 20;

type Method = 'exportReport' | 'purgeReports';
type Handle = OperationHandle<unknown, unknown>;

/** What many honest clients share. */
export interface Connection {
  readonly operations: OperationsClient;
  readonly stub: ReportsClient;
  readonly port: number;
}

export function connectTo(port: number, operations: OperationsClient): Connection {
  const stub = new ReportsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return { operations, stub, port };
}

/**
 * One client that starts operations and does with them what people do. It throws when it is told something else than it
 * has a right to be told; UNAVAILABLE alone it takes as a reason to ask again.
 */
export class HonestClient {
  readonly #connection: Connection;
  #requests = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Starts an operation, follows it to its end, and rests. */
  async live(): Promise<void> {
    const method: Method = Math.random() < 0.8 ? 'exportReport' : 'purgeReports';
    const startedAt = Date.now();
    const name = await this.#start(method);
    try {
      await this.#lookAfter(name, method);
    } catch (error) {
      // On a machine that is busy a client may come too late, and then it is told so.
      const isExpired = Date.now() - startedAt > RETENTION_MS;
      if (!isExpired || StatusError.from(error).code !== Code.NOT_FOUND) throw error;
    }
    await delay(Math.random() * LONGEST_PAUSE_MS);
  }

  async #lookAfter(name: string, method: Method): Promise<void> {
    const handle: Handle = this.#connection.operations.operation(name, ReportsOperations[method] as never);
    await pick([
      () => this.#wait(handle),
      () => this.#follow(handle),
      () => this.#giveUpOnce(handle),
      () => this.#cancel(handle, method),
      () => this.#byRest(name),
    ]);
    await pick([() => this.#list(), () => this.#look(handle), () => this.#forget(handle)]);
  }

  async #start(method: Method): Promise<string> {
    const requestId = `${Math.random()}-${this.#requests++}`;
    const request: ExportReportRequest = { parent: PARENT, title: 'soak', requestId };
    const { name } = await again(
      () =>
        new Promise<Operation>((resolve, reject) => {
          const deadline = Date.now() + PATIENCE_MS;
          this.#connection.stub[method](request, new Metadata(), { deadline }, (error, operation) =>
            error ? reject(error) : resolve(operation),
          );
        }),
    );
    return name;
  }

  async #wait(handle: Handle): Promise<void> {
    const { state } = await handle.wait({ timeoutMs: PATIENCE_MS });
    expectOneOf(state, ['succeeded']);
  }

  async #follow(handle: Handle): Promise<void> {
    let state = 'running';
    for await (const snapshot of handle.updates({ timeoutMs: PATIENCE_MS })) state = snapshot.state;
    expectOneOf(state, ['succeeded']);
  }

  async #giveUpOnce(handle: Handle): Promise<void> {
    try {
      await handle.wait({ timeoutMs: 100 });
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
    }
    await this.#wait(handle);
  }

  async #cancel(handle: Handle, method: Method): Promise<void> {
    try {
      const { state } = await handle.cancelAndWait({ timeoutMs: PATIENCE_MS });
      expectOneOf(state, ['cancelled', 'succeeded']);
    } catch (error) {
      if (method !== 'purgeReports' || StatusError.from(error).code !== Code.UNIMPLEMENTED) throw error;
    }
  }

  async #byRest(name: string): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const { status, json } = await getJson(this.#connection.port, `/v1/${name}`);
      if (status === 404) throw new StatusError(Code.NOT_FOUND, JSON.stringify(json));
      if (status !== 200 && status !== 503)
        throw new Error(`REST answered ${status}: ${JSON.stringify(json)}`);
      if (json.done) return;
      if (Date.now() > giveUpAt) throw new Error(`REST does not tell the end of ${name}`);
      await delay(200);
    }
  }

  async #list(): Promise<void> {
    const request = { name: PARENT, filter: 'done = true', pageSize: 20 };
    const { operations } = await again(() => this.#connection.operations.listOperations(request, LONG));
    if (operations.some(({ done }) => !done)) throw new Error('an operation was listed that is not done');
  }

  async #look(handle: Handle): Promise<void> {
    await again(() => handle.get(LONG));
  }

  async #forget(handle: Handle): Promise<void> {
    // Asked again, it may have been deleted by the question before.
    await codeOf(
      again(() => handle.delete(LONG)),
      [Code.OK, Code.NOT_FOUND],
    );
    await codeOf(
      again(() => handle.get(LONG)),
      [Code.NOT_FOUND],
    );
  }
}

/** Asks again as long as the server is unavailable. */
async function again<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || StatusError.from(error).code !== Code.UNAVAILABLE) throw error;
      await delay(Math.random() * 200);
    }
  }
}

async function codeOf(answer: Promise<unknown>, expected: readonly Code[]): Promise<void> {
  const code = await answer.then(
    () => Code.OK,
    (error) => StatusError.from(error).code,
  );
  if (!expected.includes(code))
    throw new Error(`an operation that was deleted is answered with code ${code}`);
}

function pick<Result>(choices: readonly (() => Result)[]): Result {
  return (choices[Math.floor(Math.random() * choices.length)] as () => Result)();
}

function expectOneOf(state: string, expected: readonly string[]): void {
  if (!expected.includes(state))
    throw new Error(`an operation ended as ${state}, not as ${expected.join(' or ')}`);
}
