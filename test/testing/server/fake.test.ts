import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../../../src/testing/index.js';
import { GKE_PROTOS, SPEECH_PROTOS } from '../../schema/proto-files.js';

const REPORTS = 'example/reports/v1/reports.proto';

async function exportReport(server: TestServer): Promise<string> {
  const response = await fetch(`${server.url}/v1/projects/p/locations/l/reports:export`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: '{}',
  });
  return ((await response.json()) as { readonly name: string }).name;
}

/** State of an operation of the scripted method after one millisecond. */
async function stateOf(server: TestServer): Promise<string> {
  const name = await exportReport(server);
  await server.clock.advance(1);
  return (await server.client.operation(name).get()).state;
}

describe('server.fake', () => {
  it('accepts several APIs, as a list, a file and a descriptor set', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(['google/cloud/speech/v1/cloud_speech.proto'], { includeDirs: [SPEECH_PROTOS] });
    const file = 'google/cloud/gkemulticloud/v1/attached_service.proto';
    await server.fake(file, { includeDirs: [GKE_PROTOS] });
    await server.fake(readFileSync('generated/descriptors.binpb'), {
      script: { methods: { ExportReport: { durationMs: 1, response: { uri: 'file:///r' } } } },
    });
    const name = await exportReport(server);
    await server.clock.advance(1);
    const operation = await fetch(`${server.url}/v1/${name}`, { headers: { connection: 'close' } });
    expect(await operation.json()).toMatchObject({ done: true, response: { uri: 'file:///r' } });
    for (const method of ['LongRunningRecognize', 'CreateAttachedCluster', 'ExportReport'])
      server.failNext(method);
  });

  it('rejects duplicate APIs, invalid files, and scripts of other methods', async () => {
    await using server = await startTestServer();
    await server.fake(REPORTS);
    await expect(server.fake(REPORTS)).rejects.toThrow('service example.reports.v1.Reports is already faked');
    await expect(server.fake('none.proto')).rejects.toThrow(/file "none\.proto" does not exist/);
    await expect(server.fake(Buffer.from('none'))).rejects.toThrow(/not a complete FileDescriptorSet/);
    const script = { methods: { ExportReprot: {} } };
    const includeDirs = [SPEECH_PROTOS];
    const speech = server.fake('google/cloud/speech/v1/cloud_speech.proto', { includeDirs, script });
    await expect(speech).rejects.toThrow(
      /script: methods\.ExportReprot: method "ExportReprot" is unknown: use one of Speech\./,
    );
    expect(() => server.script(script)).toThrow(/did you mean "ExportReport"\?$/);
  });
});

describe('server.script', () => {
  it('takes omitted settings from the current default', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(REPORTS, { script: { default: { durationMs: 1 } } });
    server.script({ methods: { ExportReport: { onCancel: 'ignore' } } });
    expect(await stateOf(server)).toBe('succeeded');
    server.script({ default: { onCancel: 'ignore' }, methods: { ExportReport: {} } });
    expect(await stateOf(server)).toBe('succeeded');
  });

  it('replaces the behavior of the named methods; reset restores it', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(REPORTS, { script: { methods: { ExportReport: { durationMs: 1 } } } });
    expect(await stateOf(server)).toBe('succeeded');
    server.script('methods: { ExportReport: { error: { code: ABORTED, message: no }, durationMs: 1 } }');
    expect(await stateOf(server)).toBe('failed');
    server.script({ default: { durationMs: 5 } });
    expect(await stateOf(server)).toBe('failed');
    server.reset();
    expect(await stateOf(server)).toBe('succeeded');
  });

  it('sets the default for all unscripted methods, and adds faults', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(REPORTS, { script: { faults: ['waitUnimplemented'] } });
    server.script({ default: { durationMs: 1 }, faults: [{ method: 'ListOperations', code: 'ABORTED' }] });
    expect(await stateOf(server)).toBe('succeeded');
    expect(server.faults.map(({ method }) => method?.split('.').at(-1))).toEqual([
      'ListOperations',
      'WaitOperation',
    ]);
  });

  it('sets metadata fields that the server otherwise fills in', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(REPORTS);
    const createTime = '2001-01-01T00:00:00Z';
    server.script({ methods: { ExportReport: { metadata: { createTime } } } });
    const response = await fetch(`${server.url}/v1/${await exportReport(server)}`, {
      headers: { connection: 'close' },
    });
    expect(await response.json()).toMatchObject({ metadata: { createTime } });
  });
});
