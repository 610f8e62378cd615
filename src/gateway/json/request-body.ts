import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  fromJsonString,
  type JsonValue,
  type Message,
  type Registry,
} from '@bufbuild/protobuf';
import { isStatusError, quoted } from '../../core/status.js';
import { malformedBody } from '../http/http-refusal.js';
import { decodeFault } from './decode-fault.js';
import { exactBody } from './exact-body.js';
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
 * Parses a JSON body. Unknown fields are ignored.
 *
 * @param text - body; empty text or white space means no body.
 * @throws StatusError INVALID_ARGUMENT if the text is not JSON or does not match the message.
 */
export function readBody(rule: BodyRule, text: string, bounds: BodyType): Message {
  if (/^[ \t\r\n]*$/.test(text)) return create(bounds.type);
  switch (rule.kind) {
    case 'message':
      return readJson(text, parseJson(text, bounds.maxValues), bounds);
    case 'field': {
      const { jsonName } = rule.field;
      const { value, ...facts } = parseJson(text, bounds.maxValues);
      const whole = `{${JSON.stringify(jsonName)}:${text}}`;
      return readJson(whole, { value: { [jsonName]: value }, ...facts }, bounds);
    }
    case 'none':
      checkNothing(text, parseJson(text, bounds.maxValues));
      return create(bounds.type);
  }
}

function readJson(text: string, parsed: ParsedJson, { type, registry, maxValues }: BodyType): Message {
  const { value, hasDuplicateKeys, hasLongText, hasInexactNumbers } = parsed;
  if (hasLongText) checkLongText(type, value, { registry, maxPaths: maxValues });
  try {
    // Slower than reading the value, but the error names the duplicate key.
    if (hasDuplicateKeys) return fromJsonString(type, text, { registry, ignoreUnknownFields: true });
    const read = hasInexactNumbers ? undefined : readStrictly(type, value, registry);
    return (
      read ?? fromJson(type, exactBody(type, { text, value, hasInexactNumbers }, registry), { registry })
    );
  } catch (error) {
    if (isStatusError(error)) throw error;
    throw malformedBody(
      `body does not fit ${decodeFault(error, { type, json: value, registry })}; write it as ProtoJSON has it`,
    );
  }
}

/** Reads a body that needs no {@link exactBody}, as most do. Returns undefined for any other. */
function readStrictly(type: DescMessage, value: JsonValue, registry: Registry): Message | undefined {
  try {
    return fromJson(type, value, { registry });
  } catch {
    return undefined;
  }
}

/** google-gax sends `""` for an empty body. */
function checkNothing(text: string, { value }: ParsedJson): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const isEmpty = value === '' || (isObject && Object.keys(value).length === 0);
  if (!isEmpty) throw malformedBody(`body is ${quoted(text)}, but this method takes none: leave it out`);
}
