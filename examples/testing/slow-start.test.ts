import { describe, expect, it } from '@jest/globals';
import 'longrunning/testing/jest';
import { fakeSpeech } from './fakes.js';
import { Transcripts } from './transcripts.js';

describe('a service that is slow to begin', () => {
  it('is waited for', async () => {
    await using server = await fakeSpeech();
    server.inject({ method: 'LongRunningRecognize', delayMs: 300 });
    await using transcripts = new Transcripts(server.address);
    expect(await transcripts.transcribe('gs://recordings/1.flac')).toBe('hello');
  });

  it('is given up when it takes too long, and works the next time', async () => {
    await using server = await fakeSpeech();
    server.inject({ method: 'LongRunningRecognize', effect: 'hang' });
    await using transcripts = new Transcripts(server.address);
    const given = transcripts.transcribe('gs://recordings/1.flac', 1000);
    await expect(given).rejects.toHaveFailedWith('DEADLINE_EXCEEDED');
    expect(await transcripts.transcribe('gs://recordings/1.flac')).toBe('hello');
  });
});
