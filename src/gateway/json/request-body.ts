import {
  type DescField,
  type DescMessage,
  type Message,
  mergeFromJson,
  mergeFromJsonString,
  type Registry,
} from '@bufbuild/protobuf';
import { quoted } from '../../core/status.js';
import { malformedBody } from '../http/malformed-request.js';
import { decodeFault } from './decode-fault.js';
import { type ParsedJson, parseJson } from './json-text.js';
import { checkLongText } from './long-text.js';

/** What the body of a request is: all of the message, one field of it, or nothing. */
export type BodyRule =
  | { readonly kind: 'message' }
  | { readonly kind: 'field'; readonly field: DescField }
  | { readonly kind: 'none' };

/** Message that bodies are read into, and the bound on their work. */
export interface BodyType {
  readonly type: DescMessage;
  /** Types that an Any may hold. */
  readonly registry: Registry;
  /** Upper bound on the values in a body, counting arrays and objects too. */
  readonly maxValues: number;
}

/**
 * Reads a JSON body into a message. Fields that are unknown are ignored.
 *
 * @param text - empty, or white space: there is no body.
 * @throws StatusError INVALID_ARGUMENT when it is no JSON, or does not fit.
 */
export function mergeBody(rule: BodyRule, message: Message, text: string, bounds: BodyType): void {
  if (/^[ \t\r\n]*$/.test(text)) return;
  switch (rule.kind) {
    case 'message':
      mergeJson(message, text, parseJson(text, bounds.maxValues), bounds);
      return;
    case 'field': {
      const { jsonName } = rule.field;
      const { value, ...facts } = parseJson(text, bounds.maxValues);
      const whole = `{${JSON.stringify(jsonName)}:${text}}`;
      mergeJson(message, whole, { value: { [jsonName]: value }, ...facts }, bounds);
      return;
    }
    case 'none':
      checkNothing(text, parseJson(text, bounds.maxValues));
      return;
  }
}

function mergeJson(
  message: Message,
  text: string,
  { value, hasDuplicateKeys, hasLongText }: ParsedJson,
  { type, registry, maxValues }: BodyType,
): void {
  if (hasLongText) checkLongText(type, value, { registry, maxPaths: maxValues });
  const options = { registry, ignoreUnknownFields: true };
  try {
    // From the text it takes longer, but then the error names the key.
    if (hasDuplicateKeys) mergeFromJsonString(type, message, text, options);
    else mergeFromJson(type, message, value, options);
  } catch (error) {
    throw malformedBody(
      `body does not fit ${decodeFault(error, { type, json: value, registry })}; write it as ProtoJSON has it`,
    );
  }
}

/** google-gax sends `""` where there is nothing to send. */
function checkNothing(text: string, { value }: ParsedJson): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const isEmpty = value === '' || (isObject && Object.keys(value).length === 0);
  if (!isEmpty) throw malformedBody(`body is ${quoted(text)}, but this method takes none: leave it out`);
}
