import { deepEqual, equal } from 'node:assert/strict';
import { Code, StatusError } from '../core/status.js';
import type { OperationStore } from '../server/index.js';
import { type AroundCall, aroundStore } from '../stores/contract/around-store.js';
import { settled } from '../testing/clock/manual-clock.js';
import { eventually } from './eventually.js';
import { rejection } from './kit-error.js';
import { endingOf, metadataOf } from './messages.js';
import { type Open, type Subject, type Topic, testCase } from './test-case.js';

/** Work during temporary unavailability of its store. */
export const storeAway: Topic<Open> = {
  name: 'store away',
  cases: [
    testCase('when work ends: its end is recorded once the store is back', [4], async (open) => {
      const network = new Network();
      const server = await open({ around: network.between });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      network.down = true;
      run.succeed({ uri: 'hours of work' });
      await eventually(() => server.manual.armed === 1);
      for (let hour = 0; hour < 3; hour++) await passTime(server, 10);
      network.down = false;
      await passTime(server, 1);
      equal(endingOf(await server.operations.waitOperation({ name })), 'response');
      equal(server.manual.armed, 0);
      const logged = server.logged.filter(({ facts }) => facts.operation === name);
      deepEqual([...new Set(logged.map(({ message }) => message))], ['store is not available: trying again']);
    }),

    testCase('when work reports progress: it is not lost, and does not fail the work', [6], async (open) => {
      const network = new Network();
      const server = await open({ around: network.between });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      network.down = true;
      const updates = [
        run.context.update({ progressPercent: 10 }),
        run.context.update({ progressPercent: 20 }),
      ];
      await eventually(() => server.manual.armed === 1);
      await passTime(server, 5);
      network.down = false;
      await passTime(server, 1);
      await Promise.all(updates);
      equal(metadataOf(await server.operations.getOperation({ name })).progressPercent, 20);
      run.succeed();
      equal(endingOf(await server.operations.waitOperation({ name })), 'response');
    }),

    testCase('when work is cancelled: its signal aborts once the store is back', [19], async (open) => {
      const network = new Network();
      const server = await open({
        // Like a change of another server, of which the store reports only the name.
        around: (store) => ({
          ...network.between(store),
          watch: (listener) => store.watch((name) => listener(name)),
        }),
        onAbort: 'ignore',
      });
      const { name } = await server.exportReport();
      const run = await server.exports.on(name);
      await settled();
      let written = false;
      network.failing = ({ method }) => {
        written ||= method === 'compareAndSet';
        return written && method === 'get';
      };
      // A read already in progress, for a store that reports the start late, sees the request too.
      network.losing = ({ method }) => written && method === 'get';
      await server.operations.cancelOperation({ name });
      await eventually(() => server.manual.armed === 1);
      await passTime(server, 3);
      equal(run.context.signal.aborted, false);
      network.failing = () => false;
      network.losing = () => false;
      await passTime(server, 1);
      await eventually(() => run.context.signal.aborted);
    }),

    testCase('when work is handed out: it starts once the store is back', [17], async (open) => {
      const network = new Network();
      const server = await open({ maxRunning: 1, around: network.between });
      const first = await server.exportReport();
      const run = await server.exports.on(first.name);
      const { name } = await server.exportReport();
      network.failing = ({ method, name: about }) => method !== 'create' && about === name;
      run.succeed();
      await eventually(() => server.manual.armed === 1);
      await passTime(server, 3);
      deepEqual(server.exports.begun, [first.name]);
      network.failing = () => false;
      await passTime(server, 1);
      (await server.exports.on(name)).succeed();
      equal(endingOf(await server.operations.waitOperation({ name })), 'response');
    }),

    testCase(
      'when the start of work was recorded but the reply was lost: its operation still ends',
      [4],
      async (open) => {
        const network = new Network();
        const server = await open({ around: network.between, exportReport: { onInterrupted: 'resume' } });
        network.losing = ({ method }) => method === 'compareAndSet';
        const { name } = await server.exportReport();
        await eventually(() => server.manual.armed === 1);
        network.losing = () => false;
        await passTime(server, 1);
        const run = await server.exports.on(name);
        equal(run.context.attempt, 2);
        run.succeed();
        equal(endingOf(await server.operations.waitOperation({ name })), 'response');
      },
    ),

    testCase(
      'when the end of work was recorded but the reply was lost: it has ended once',
      [4],
      async (open) => {
        const network = new Network();
        const server = await open({ around: network.between });
        const { name } = await server.exportReport();
        const run = await server.exports.on(name);
        network.losing = ({ method }) => method === 'compareAndSet';
        run.succeed({ uri: 'once' });
        equal(endingOf(await server.operations.waitOperation({ name })), 'response');
        await eventually(() => server.manual.armed === 1);
        network.losing = () => false;
        await passTime(server, 1);
        await eventually(() => server.manual.armed === 0);
        const { name: other } = await server.exportReport();
        await server.exports.on(other);
      },
    ),

    testCase('readers receive UNAVAILABLE', [32], async (open) => {
      const network = new Network();
      const server = await open({ around: network.between });
      const { name } = await server.exportReport();
      await server.exports.on(name);
      network.down = true;
      for (const call of ['getOperation', 'cancelOperation', 'waitOperation', 'deleteOperation'] as const) {
        const error = StatusError.from(await rejection(server.operations[call]({ name })));
        equal(error.code, Code.UNAVAILABLE);
      }
      equal(StatusError.from(await rejection(server.exportReport())).code, Code.UNAVAILABLE);
    }),

    testCase('when the server closes: it does not wait for the store', [], async (open) => {
      const network = new Network();
      const server = await open({ around: network.between, onAbort: 'ignore' });
      const started = [await server.exportReport(), await server.exportReport()];
      const [working, ending] = await Promise.all(started.map(({ name }) => server.exports.on(name)));
      network.down = true;
      ending?.succeed();
      await eventually(() => server.manual.armed === 1);
      await server.kit.close({ graceMs: 0 });
      equal(working?.context.signal.aborted, true);
      equal(server.manual.armed, 0);
      network.down = false;
    }),
  ],
};

/** Unreliable network between a server and its store. */
class Network {
  down = false;
  /** Selects calls that do not reach the store. */
  failing: (call: Parameters<AroundCall>[0]) => boolean = () => false;
  /** Selects calls whose reply is lost. */
  losing: (call: Parameters<AroundCall>[0]) => boolean = () => false;

  readonly between = (store: OperationStore): OperationStore =>
    aroundStore(store, async (call, proceed) => {
      if (this.down || this.failing(call)) throw unavailable();
      const answer = await proceed();
      if (this.losing(call)) throw unavailable();
      return answer;
    });
}

function unavailable(): StatusError {
  return new StatusError(Code.UNAVAILABLE, 'connection to the database was lost: try again later');
}

/** Advances time past the pauses between `attempts` attempts. */
async function passTime(server: Subject, attempts: number): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await server.manual.whenArmed(1);
    await server.manual.advance(server.manual.untilNextMs);
    await settled();
  }
}
