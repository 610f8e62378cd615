import { readFileSync } from 'node:fs';
import type { JsonObject } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PARENT, type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { type Answer, type ServedGateway, serveGateway } from './http-client.js';

const reasonOf = ({ json }: Answer) => {
  const { details } = (json as { error: { details: JsonObject[] } }).error;
  return details.find(({ reason }) => reason !== undefined)?.reason;
};

describe('google.longrunning.Operations over REST', () => {
  let reports: ReportsServer;
  let gateway: ServedGateway;
  beforeEach(async () => {
    reports = await startReportsServer();
    gateway = await serveGateway({ target: reports.address });
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await reports[Symbol.asyncDispose]();
  });
  const started = async () => (await reports.overGrpc.exportReport()).name;

  it('CancelOperation is POST …:cancel, with an empty body or {}, and answers {} (contract 10)', async () => {
    for (const body of [undefined, '', {}]) {
      const answer = await gateway.ask(
        'POST',
        `/v1/${await started()}:cancel`,
        body === undefined ? {} : { body },
      );
      expect([answer.status, answer.text]).toEqual([200, '{}']);
    }
  });

  it('a cancelled operation has error.code 1 (contract 11)', async () => {
    const name = await started();
    await gateway.ask('POST', `/v1/${name}:cancel`);
    const done = await gateway.ask('POST', `/v1/${name}:wait`, { body: {} });
    expect(done.json).toMatchObject({ name, done: true, error: { code: 1 } });
    expect((await gateway.ask('GET', `/v1/${name}`)).json).toEqual(done.json);
  });

  it('renders metadata as JSON of its type without configuration', async () => {
    const { json } = await gateway.ask('GET', `/v1/${await started()}`);
    expect(json).toMatchObject({
      metadata: {
        '@type': 'type.googleapis.com/example.reports.v1.ReportMetadata',
        createTime: '2030-01-01T00:00:00Z',
      },
    });
  });

  it.each([
    ['the last time that JSON can express', '9999-12-31T23:59:59.999Z', undefined],
    ['a time after the year 9999', '+010000-01-01T00:00:00Z', expect.any(String)],
    ['a time before the year 1', '-000001-12-31T23:59:59Z', expect.any(String)],
  ])('%s in metadata: the operation, and pages that contain it, stay readable', async (_, time, value) => {
    const name = await started();
    const other = await started();
    const run = await reports.exports.on(name);
    await run.context.update({ createTime: new Date(time) });
    run.succeed({ uri: 'file:///r' });
    // Metadata that JSON cannot express appears as its bytes.
    const metadata = {
      '@type': 'type.googleapis.com/example.reports.v1.ReportMetadata',
      ...(value === undefined ? { createTime: time } : { value }),
    };
    const ended = { name, done: true, metadata, response: { uri: 'file:///r' } };
    const waited = await gateway.ask('POST', `/v1/${name}:wait`, { body: {} });
    expect([waited.status, waited.json]).toMatchObject([200, ended]);
    expect((await gateway.ask('GET', `/v1/${name}`)).json).toEqual(waited.json);
    const page = await gateway.ask('GET', `/v1/${PARENT}/operations`);
    expect(page.json).toMatchObject({ operations: [{ name: other }, ended] });
  });

  it('ListOperations binds parent and query', async () => {
    const names = [await started(), await started()];
    const page = await gateway.ask('GET', `/v1/${PARENT}/operations?pageSize=1`);
    const { operations, nextPageToken } = page.json as {
      operations: { name: string }[];
      nextPageToken: string;
    };
    const rest = await gateway.ask(
      'GET',
      `/v1/${PARENT}/operations?page_size=1&page_token=${encodeURIComponent(nextPageToken)}`,
    );
    const more = (rest.json as { operations: { name: string }[] }).operations;
    expect([...operations, ...more].map(({ name }) => name).sort()).toEqual(names.sort());
    expect((await gateway.ask('GET', '/v1/operations')).json).toEqual({});
    expect((await gateway.ask('GET', `/v1/${PARENT}/operations?pageSize=-1`)).status).toBe(400);
  });

  it('DeleteOperation is DELETE, and accepts the body that google-gax sends', async () => {
    const name = await started();
    expect((await gateway.ask('DELETE', `/v1/${name}`, { body: '""' })).text).toBe('{}');
    const gone = await gateway.ask('GET', `/v1/${name}`);
    expect([gone.status, reasonOf(gone)]).toEqual([404, 'OPERATION_NOT_FOUND']);
  });

  it('WaitOperation reads its timeout from the body', async () => {
    const name = await started();
    const answer = await gateway.ask('POST', `/v1/${name}:wait`, { body: { timeout: '0s' } });
    expect([answer.status, (answer.json as JsonObject).done]).toEqual([200, undefined]);
    expect((await gateway.ask('POST', `/v1/${name}:wait`, { body: { timeout: '-1s' } })).status).toBe(400);
  });

  it('errors of the service keep their details', async () => {
    const purge = (await reports.overGrpc.purgeReports()).name;
    const refused = await gateway.ask('POST', `/v1/${purge}:cancel`);
    expect([refused.status, reasonOf(refused)]).toEqual([501, expect.any(String)]);
  });

  it('leaves a malformed operation name to the service to reject (rule 10)', async () => {
    const answer = await gateway.ask('DELETE', '/v1/operations');
    expect([answer.status, reasonOf(answer)]).toEqual([400, 'INVALID_FIELD']);
  });

  it('serves only Operations by default, and the given descriptors otherwise', async () => {
    const path = `/v1/${PARENT}/reports:export`;
    expect((await gateway.ask('POST', path, { body: {} })).status).toBe(404);
    const descriptors = readFileSync('generated/descriptors.binpb');
    await using all = await serveGateway({ target: reports.address, descriptors });
    const { status, json } = await all.ask('POST', path, { body: { title: 'x' } });
    expect([status, json]).toMatchObject([200, { name: expect.stringContaining(`${PARENT}/operations/`) }]);
  });
});
