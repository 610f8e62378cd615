import type { Scheduler } from 'fast-check';
import type {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from '../../generated/example/reports/v1/reports.js';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import type { Operation } from '../../generated/google/longrunning/operations.js';
import { type AbortBehavior, ControlledWork } from '../../src/conformance/reports-server.js';
import { Code, StatusError } from '../../src/core/status.js';
import { createOperations, implement, type Operations } from '../../src/server/index.js';
import { aroundStore } from '../../src/stores/contract/around-store.js';
import type { OperationStore } from '../../src/stores/contract/operation-store.js';
import { type ManualClock, manualClock } from '../../src/testing/clock/manual-clock.js';
import { OperationModel } from './operation-model.js';

export const ACTIONS = [
  'start',
  'update',
  'cancel',
  'complete',
  'fail',
  'delete',
  'wait',
  'get',
  'list',
] as const;

/** One step of a client; `target` picks one of the operations there are. */
export interface Action {
  readonly type: (typeof ACTIONS)[number];
  readonly target: number;
}

export interface RaceOptions {
  readonly scheduler: Scheduler;
  readonly store: OperationStore;
  readonly onAbort: AbortBehavior;
  readonly maxRunning: number;
}

const PARENT = 'projects/p';
const exportReport = ReportsOperations.exportReport;

/** Clients, work and a store of which the scheduler decides who goes on next; the models watch. */
export class Race implements AsyncDisposable {
  readonly #scheduler: Scheduler;
  readonly #clock: ManualClock = manualClock();
  readonly #work: ControlledWork<ExportReportRequest, ExportReportResponse, ReportMetadata>;
  readonly #kit: Operations;
  readonly #models: OperationModel[] = [];
  readonly #pending: Promise<unknown>[] = [];
  readonly #onAbort: AbortBehavior;

  constructor({ scheduler, store, onAbort, maxRunning }: RaceOptions) {
    this.#scheduler = scheduler;
    this.#onAbort = onAbort;
    this.#work = new ControlledWork(onAbort);
    this.#kit = createOperations({
      clock: this.#clock,
      maxRunning,
      store: aroundStore(store, async (call, proceed) => {
        await scheduler.schedule(Promise.resolve(), `before ${call.method}`);
        const answer = await proceed();
        await scheduler.schedule(Promise.resolve(), `after ${call.method}`);
        return answer;
      }),
      methods: [this.#implemented()],
    });
  }

  async start(count: number): Promise<void> {
    const started = Array.from({ length: count }, () => this.#start());
    await this.#scheduler.waitFor(Promise.all(started));
  }

  /** Lets every client take its steps, all of them at once. */
  async run(clients: readonly (readonly Action[])[]): Promise<void> {
    const done = clients.map(async (actions) => {
      for (const action of actions) await this.#act(action);
    });
    await this.#scheduler.waitFor(Promise.all(done));
  }

  /** Ends whatever still runs, and looks at every operation once more. */
  async settle(): Promise<void> {
    for (const { name } of this.#models) this.#work.on(name).then((run) => run.succeed());
    for (const model of this.#models) this.#pending.push(this.#wait(model));
    await this.#scheduler.waitFor(Promise.all(this.#pending));
    const readings = this.#models.flatMap((model) => [this.#get(model), this.#wait(model)]);
    await this.#scheduler.waitFor(Promise.all([...readings, this.#list()]));
  }

  /** @throws Error that tells what happened when a model was broken. */
  check(): void {
    for (const model of this.#models) {
      model.check({ hasBegun: this.#work.begun.includes(model.name), onAbort: this.#onAbort });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#kit.close({ graceMs: 0 });
    await this.#clock.advance(0);
    await this.#scheduler.waitFor(closed);
  }

  #implemented() {
    return implement(exportReport, { parent: ({ parent }) => parent, run: this.#work.run });
  }

  async #start(): Promise<void> {
    const operation = await this.#kit.start(this.#implemented(), { parent: PARENT, title: '' });
    this.#models.push(new OperationModel(operation));
  }

  /** A wait goes on while its client takes further steps, and so does what the work does. */
  async #act({ type, target }: Action): Promise<void> {
    const model = this.#models[target % this.#models.length];
    if (type === 'start') return this.#start();
    if (type === 'list') return this.#list();
    if (!model) return;
    switch (type) {
      case 'get':
        return this.#get(model);
      case 'wait':
        this.#pending.push(this.#wait(model));
        return;
      case 'cancel':
        model.cancelAsked = true;
        return model.expectNotFoundOnlyIfDeleted(this.#kit.api.cancelOperation(model));
      case 'delete':
        model.deleteAsked = true;
        return model.expectNotFoundOnlyIfDeleted(this.#kit.api.deleteOperation(model));
      case 'update':
        this.#work.on(model.name).then((run) => run.context.update({ progressPercent: target }));
        return;
      case 'complete':
        model.completeAsked = true;
        this.#work.on(model.name).then((run) => run.succeed());
        return;
      case 'fail':
        model.failAsked = true;
        this.#work.on(model.name).then((run) => run.fail(FAILURE));
        return;
    }
  }

  #get(model: OperationModel): Promise<void> {
    return model.observe('get', () => this.#kit.api.getOperation(model));
  }

  #wait(model: OperationModel): Promise<void> {
    return model.observe('wait', () => this.#kit.api.waitOperation(model));
  }

  async #list(): Promise<void> {
    const listed = this.#kit.api.listOperations({ name: PARENT, pageSize: 1000 });
    const find = async (name: string): Promise<Operation> => {
      const found = (await listed).operations.find((operation) => operation.name === name);
      if (!found) throw new StatusError(Code.NOT_FOUND, `${name} is not listed`);
      return found;
    };
    await Promise.all(this.#models.map((model) => model.observe('list', () => find(model.name))));
  }
}

/** Error of failing work. */
const FAILURE = new StatusError(Code.DATA_LOSS, 'file was half written: export again');
