import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { Code, kitError, StatusError } from '../../core/status.js';
import type { HttpRule } from '../rules/http-rules.js';
import type { JsonFormat } from './json-format.js';
import type { MessageJson } from './message-json.js';

/** Creates the response bodies of one HTTP rule. */
export class ResponseRenderer {
  readonly #type: DescMessage;
  readonly #field: DescField | undefined;
  readonly #json: MessageJson;

  constructor({ method, responseBody }: HttpRule, json: MessageJson) {
    this.#type = method.output;
    this.#field = method.output.fields.find(({ name }) => name === responseBody);
    this.#json = json;
  }

  /**
   * Converts an encoded response message, or the field that the rule selects, to JSON. The result is never empty,
   * because google-gax treats an empty body as a failure and retries.
   *
   * @throws StatusError INTERNAL if the server sent something other than such a message.
   */
  render(bytes: Uint8Array, format: JsonFormat): string {
    try {
      const message = fromBinary(this.#type, bytes);
      const json = this.#json.write(this.#type, message, format);
      return writeJson(this.#field ? this.#valueOf(this.#field, json, format) : json, format);
    } catch (cause) {
      const { message } = StatusError.from(cause);
      const text = `the server answered what is no ${this.#type.typeName} in JSON: ${message}; see to the server`;
      throw kitError(Code.INTERNAL, 'RESPONSE_NOT_JSON', text, { cause });
    }
  }

  #valueOf({ jsonName }: DescField, json: JsonValue, { enumAsInteger }: JsonFormat): JsonValue {
    const value = (json as JsonObject)[jsonName];
    if (value !== undefined) return value;
    const empty: Message = create(this.#type);
    const defaults = toJson(this.#type, empty, { enumAsInteger, alwaysEmitImplicit: true });
    return (defaults as JsonObject)[jsonName] ?? null;
  }
}

export function writeJson(json: JsonValue, { indent }: JsonFormat): string {
  return JSON.stringify(json, null, indent);
}
