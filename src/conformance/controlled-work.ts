import type { DeepPartial } from '../core/operation-method.js';
import { onAbort } from '../core/signals.js';
import type { Implementation, RunContext } from '../server/index.js';

/** What work does when its signal aborts: end as cancelled, or carry on until the test ends it. */
export type AbortBehaviour = 'honour' | 'ignore';

/** The work on one operation, whose end the test decides. */
export interface Run<Request, Response, Metadata> {
  readonly request: Request;
  readonly context: RunContext<Metadata>;
  succeed(response?: DeepPartial<Response>): void;
  fail(error: unknown): void;
}

/** Work of one method: it goes on until the test (or, if honoured, a cancellation) ends it. */
export class ControlledWork<Request, Response, Metadata> {
  readonly #runs = new Map<string, PromiseWithResolvers<Run<Request, Response, Metadata>>>();
  readonly #onAbort: AbortBehaviour;
  /** Names of the operations whose work has begun, in that order. */
  readonly begun: string[] = [];

  constructor(onAbort: AbortBehaviour = 'honour') {
    this.#onAbort = onAbort;
  }

  /** The work on an operation, once it has begun. */
  on(name: string): Promise<Run<Request, Response, Metadata>> {
    return this.#run(name).promise;
  }

  /** What `implement` takes as `run`. */
  readonly run: Implementation<Request, Response, Metadata>['run'] = async (request, context) => {
    const ending = Promise.withResolvers<DeepPartial<Response>>();
    const stopListening =
      this.#onAbort === 'honour' ? onAbort(context.signal, (reason) => ending.reject(reason)) : () => {};
    this.begun.push(context.name);
    this.#run(context.name).resolve({
      request,
      context,
      succeed: (response) => ending.resolve(response ?? ({} as DeepPartial<Response>)),
      fail: (error) => ending.reject(error),
    });
    try {
      return await ending.promise;
    } finally {
      stopListening();
    }
  };

  #run(name: string): PromiseWithResolvers<Run<Request, Response, Metadata>> {
    const run = this.#runs.get(name) ?? Promise.withResolvers();
    this.#runs.set(name, run);
    return run;
  }
}
