// Application under test: transcribes recordings with Google's Speech-to-Text API.
import { SpeechClient } from '@google-cloud/speech';
import { fromGax } from 'longrunning/gax';
import { googleOptions } from './google-options.js';

/** Transcribes recordings with the real API, or a server at another address. */
export class Transcripts implements AsyncDisposable {
  readonly #client: SpeechClient;

  constructor(address?: string) {
    this.#client = new SpeechClient(googleOptions(address));
  }

  /** Transcribes a recording. @param timeoutMs - upper bound on the time until the service starts */
  async transcribe(uri: string, timeoutMs = 10_000): Promise<string> {
    const request = { audio: { uri }, config: { languageCode: 'en-US' } };
    const [operation] = await this.#client.longRunningRecognize(request, {
      timeout: timeoutMs,
      maxRetries: 0,
    });
    // Unlike `operation.promise()`, continues polling through a network failure.
    const response = await fromGax(operation).result();
    return response.results?.map((result) => result.alternatives?.[0]?.transcript).join(' ') ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
