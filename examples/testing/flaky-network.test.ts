import { describe, expect, it } from '@jest/globals';
import 'longrunning/testing/jest';
import { Clusters } from './clusters.js';
import { fakeClusters, fakeSpeech } from './fakes.js';
import { Transcripts } from './transcripts.js';

describe('a flaky network', () => {
  it('the connection breaks off, and errors come back while the client waits', async () => {
    await using server = await fakeSpeech();
    server.inject({ method: 'WaitOperation', effect: 'drop' });
    server.failNext('WaitOperation', { code: 'UNAVAILABLE' });
    await using transcripts = new Transcripts(server.address);
    expect(await transcripts.transcribe('gs://recordings/1.flac')).toBe('hello');
    expect(server.faults).toEqual([]);
  });

  it('reports a permanent failure instead of waiting', async () => {
    await using server = await fakeClusters();
    server.failNext('GetOperation', { code: 'PERMISSION_DENIED', times: 'always' });
    await using clusters = new Clusters(server.address);
    await expect(clusters.attach('demo', '1.33')).rejects.toHaveFailedWith('PERMISSION_DENIED');
  });
});
