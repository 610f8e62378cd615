import {
  type DescField,
  type DescMessage,
  type Message,
  mergeFromJson,
  mergeFromJsonString,
  type Registry,
} from '@bufbuild/protobuf';
import { quoted } from '../../core/status.js';
import { malformedBody } from '../http/http-refusal.js';
import { decodeFault } from './decode-fault.js';
import { type ParsedJson, parseJson } from './json-text.js';
import { checkLongText } from './long-text.js';

/** Target of the request body: the whole message, one field, or nothing. */
export type BodyRule =
  | { readonly kind: 'message' }
  | { readonly kind: 'field'; readonly field: DescField }
  | { readonly kind: 'none' };

/** Message type of bodies, and limits on the work of parsing them. */
export interface BodyType {
  readonly type: DescMessage;
  /** Types that an Any may contain. */
  readonly registry: Registry;
  /** Upper bound on the values in a body, counting arrays and objects. */
  readonly maxValues: number;
}

/**
 * Parses a JSON body into a message. Unknown fields are ignored.
 *
 * @param text - body; empty text or white space means no body.
 * @throws StatusError INVALID_ARGUMENT if the text is not JSON or does not match the message.
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
    // Slower than parsing the value, but the error names the duplicate key.
    if (hasDuplicateKeys) mergeFromJsonString(type, message, text, options);
    else mergeFromJson(type, message, value, options);
  } catch (error) {
    throw malformedBody(
      `body does not fit ${decodeFault(error, { type, json: value, registry })}; write it as ProtoJSON has it`,
    );
  }
}

/** google-gax sends `""` for an empty body. */
function checkNothing(text: string, { value }: ParsedJson): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const isEmpty = value === '' || (isObject && Object.keys(value).length === 0);
  if (!isEmpty) throw malformedBody(`body is ${quoted(text)}, but this method takes none: leave it out`);
}
