import { describe, expect, it } from '@jest/globals';
import { startTestServer } from 'longrunning/testing';
import { Clusters } from './clusters.js';
import { fakeSpeech } from './fakes.js';
import { Transcripts } from './transcripts.js';

describe('the happy path', () => {
  it('attaches a cluster, which is there then', async () => {
    await using server = await startTestServer();
    await server.fake('google/cloud/gkemulticloud/v1/attached_service.proto', {
      includeDirs: ['node_modules/@google-cloud/gkemulticloud/build/protos'],
      script: { methods: { CreateAttachedCluster: { durationMs: 50 } } },
    });
    await using clusters = new Clusters(server.address);

    expect(await clusters.attach('demo', '1.33')).toBe('1.33');

    expect(server.calls[0]?.request).toMatchObject({ attachedClusterId: 'demo' });
    expect(server.calls.at(-1)?.method).toMatch(/GetAttachedCluster$/);
    server.expectNoOpenCalls();
  });

  it('transcribes what the script says', async () => {
    await using server = await fakeSpeech();
    await using transcripts = new Transcripts(server.address);
    expect(await transcripts.transcribe('gs://recordings/1.flac')).toBe('hello');
  });
});
