import {
  type DescField,
  type DescMessage,
  type JsonValue,
  type Message,
  mergeFromJsonString,
  type Registry,
} from '@bufbuild/protobuf';
import { quoted } from '../../status.js';
import { malformedBody } from '../malformed-request.js';
import { decodeFault, decodeReason } from './decode-fault.js';

/** What the body of a request is: all of the message, one field of it, or nothing. */
export type BodyRule =
  | { readonly kind: 'message' }
  | { readonly kind: 'field'; readonly field: DescField }
  | { readonly kind: 'none' };

/**
 * Reads a JSON body into a message. Fields that are unknown are ignored.
 *
 * @param text - empty, or white space: there is no body.
 * @throws StatusError INVALID_ARGUMENT when it is no JSON, or does not fit.
 */
export function mergeBody(
  rule: BodyRule,
  type: DescMessage,
  message: Message,
  text: string,
  registry: Registry,
): void {
  if (/^[ \t\r\n]*$/.test(text)) return;
  switch (rule.kind) {
    case 'message':
      mergeJson(type, message, text, registry);
      return;
    case 'field':
      parseJson(text);
      mergeJson(type, message, `{${JSON.stringify(rule.field.jsonName)}:${text}}`, registry);
      return;
    case 'none':
      checkNothing(text);
      return;
  }
}

/** From text, as values that were parsed no more tell of keys that occur twice. */
function mergeJson(type: DescMessage, message: Message, text: string, registry: Registry): void {
  try {
    mergeFromJsonString(type, message, text, { registry, ignoreUnknownFields: true });
  } catch (error) {
    parseJson(text);
    throw malformedBody(`body does not fit ${decodeFault(error)}; write it as ProtoJSON has it`);
  }
}

/** google-gax sends `""` where there is nothing to send. */
function checkNothing(text: string): void {
  const json = parseJson(text);
  const isEmpty = json === '' || JSON.stringify(json) === '{}';
  if (!isEmpty) throw malformedBody(`body is ${quoted(text)}, but this method takes none: leave it out`);
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedBody(`body is no JSON: ${decodeReason(error)}; correct it`);
  }
}
