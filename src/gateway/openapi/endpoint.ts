import type { HttpAnswer } from '../http/http-message.js';
import type { OpenApiDocument } from './objects.js';

/** Serves the OpenAPI document. */
export class OpenApiEndpoint {
  readonly #document: () => OpenApiDocument;
  #text: string | undefined;

  /** @param document - creates the document. Called once, on the first request. */
  constructor(document: () => OpenApiDocument) {
    this.#document = document;
  }

  answer(): HttpAnswer {
    this.#text ??= JSON.stringify(this.#document());
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
    };
    return { status: 200, headers, body: this.#text };
  }
}
