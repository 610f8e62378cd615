// An application to be tested: it has recordings transcribed by Google's Speech-to-Text API.
import { SpeechClient } from '@google-cloud/speech';
import { fromGax } from 'longrunning/gax';
import { googleOptions } from './google-options.js';

/** Transcribes recordings, by the real API or by a server at another address. */
export class Transcripts implements AsyncDisposable {
  readonly #client: SpeechClient;

  constructor(address?: string) {
    this.#client = new SpeechClient(googleOptions(address));
  }

  /** The words of a recording. @param timeoutMs - how long the service may take to begin. */
  async transcribe(uri: string, timeoutMs = 10_000): Promise<string> {
    const request = { audio: { uri }, config: { languageCode: 'en-US' } };
    const [operation] = await this.#client.longRunningRecognize(request, {
      timeout: timeoutMs,
      maxRetries: 0,
    });
    // Unlike `operation.promise()` it goes on asking when the network is gone for a while.
    const response = await fromGax(operation).result();
    return response.results?.map((result) => result.alternatives?.[0]?.transcript).join(' ') ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
