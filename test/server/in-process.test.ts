import { describe, expect, it } from '@jest/globals';
import { ReportsOperations } from '../../generated/example/reports/v1/reports.operations.js';
import { Code, StatusError } from '../../src/index.js';
import { type AuthorizeStep, createOperations, implement } from '../../src/server/index.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { Recorder } from '../opentelemetry/recorder.js';

const exportReport = implement(ReportsOperations.exportReport, {
  parent: ({ parent }) => parent,
  onStart({ title }) {
    if (title === 'broken') throw new Error('secret');
    return undefined;
  },
  run: ({ title }, { signal }) =>
    title === 'endless'
      ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      : { uri: title },
});
const PARENT = 'projects/p';

describe('operations in process', () => {
  it('operation() waits and cancels as a client does', async () => {
    await using operations = createOperations({ methods: [exportReport] });
    const ended = await operations.start(exportReport, { parent: PARENT, title: 'a' });
    const handle = operations.operation(ended, ReportsOperations.exportReport);
    expect(await handle.result()).toEqual({ uri: 'a', rowCount: 0 });
    const { name } = await operations.start(exportReport, { parent: PARENT, title: 'endless' });
    const outcome = await operations.operation(name, ReportsOperations.exportReport).cancelAndWait();
    expect(outcome.state).toBe('cancelled');
  });

  it('list() iterates over all pages', async () => {
    await using operations = createOperations({ methods: [exportReport] });
    const names: string[] = [];
    for (const title of ['a', 'b', 'c'])
      names.unshift((await operations.start(exportReport, { parent: PARENT, title })).name);
    const listed: string[] = [];
    for await (const { name } of operations.list({ name: PARENT, pageSize: 1 })) listed.push(name);
    expect(listed).toEqual(names);
  });

  it('a wait ends with UNAVAILABLE once the operations have closed', async () => {
    const operations = createOperations({ methods: [exportReport] });
    const { name } = await operations.start(exportReport, { parent: PARENT, title: 'endless' });
    const waiting = operations.operation(name).wait();
    const rejected = expect(waiting).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await operations.close({ graceMs: 0 });
    await Promise.race([rejected, waiting]).catch(() => {});
  });
});

describe('operations.for(origin)', () => {
  const opened = closeAfterEach();
  const peer = '192.0.2.7:50312';
  const authorize: AuthorizeStep = ({ headers }) => {
    if (headers['x-user'] === undefined) throw new StatusError(Code.UNAUTHENTICATED, 'who are you?');
    return { caller: { principal: headers['x-user'] } };
  };

  it('authorizes starts and the five methods', async () => {
    await using operations = createOperations({ methods: [exportReport], authorize });
    const nobody = operations.for({ headers: {}, peer });
    const request = { name: 'operations/a' };
    const refused = { code: Code.UNAUTHENTICATED };
    await expect(nobody.start(exportReport, { parent: PARENT })).rejects.toMatchObject(refused);
    await expect(nobody.getOperation(request)).rejects.toMatchObject(refused);
    await expect(nobody.listOperations({ name: '' })).rejects.toMatchObject(refused);
    await expect(nobody.cancelOperation(request)).rejects.toMatchObject(refused);
    await expect(nobody.deleteOperation(request)).rejects.toMatchObject(refused);
    await expect(nobody.waitOperation(request)).rejects.toMatchObject(refused);
    const ada = operations.for({ headers: { 'x-user': 'ada' }, peer });
    const { name } = await ada.start(exportReport, { parent: PARENT, title: 'a' });
    expect(await ada.waitOperation({ name })).toMatchObject({ done: true });
  });

  it('scopes request ids by the caller', async () => {
    await using operations = createOperations({ methods: [exportReport], authorize });
    const request = { parent: PARENT, title: 'a', requestId: '6a6e33d4-3bd7-4d58-9b53-1ff4f3a4a1f0' };
    const start = (user: string) =>
      operations.for({ headers: { 'x-user': user }, peer }).start(exportReport, request);
    const [ada, again, eve] = [await start('ada'), await start('ada'), await start('eve')];
    expect(again.name).toBe(ada.name);
    expect(eve.name).not.toBe(ada.name);
  });

  it('counts the calls of a caller, including starts', async () => {
    await using operations = createOperations({ methods: [exportReport], authorize, ratePerSecond: 2 });
    const ada = operations.for({ headers: { 'x-user': 'ada' }, peer });
    await ada.start(exportReport, { parent: PARENT, title: 'a' });
    await ada.listOperations({ name: PARENT });
    await expect(ada.start(exportReport, { parent: PARENT })).rejects.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
    });
  });

  it('reports calls to telemetry, including rejected ones', async () => {
    const recorder = opened(new Recorder());
    await using operations = createOperations({
      methods: [exportReport],
      authorize,
      telemetry: recorder.telemetry(),
    });
    await operations
      .for({ headers: {}, peer })
      .getOperation({ name: 'operations/a' })
      .catch(() => {});
    const ada = operations.for({ headers: { 'x-user': 'ada' }, peer });
    const { name } = await ada.start(exportReport, { parent: PARENT, title: 'a' });
    const facts = (span: string) =>
      recorder
        .spansNamed(span)
        .map(({ attributes }) => [attributes['rpc.status_code'], attributes['longrunning.operation.name']]);
    expect(facts('google.longrunning.Operations/GetOperation')).toEqual([
      ['UNAUTHENTICATED', 'operations/a'],
    ]);
    expect(facts('example.reports.v1.Reports/ExportReport')).toEqual([['OK', name]]);
  });

  it('logs unexpected errors and hides them', async () => {
    const logged: object[] = [];
    const logger = { error: (facts: object) => logged.push(facts) };
    await using operations = createOperations({ methods: [exportReport], logger });
    const caller = operations.for({ headers: {}, peer });
    await expect(caller.start(exportReport, { parent: PARENT, title: 'broken' })).rejects.toMatchObject({
      code: Code.UNKNOWN,
      message: 'internal error in example.reports.v1.Reports/ExportReport: see the log of the server',
    });
    expect(logged).toMatchObject([{ err: { message: 'secret' } }]);
  });
});
