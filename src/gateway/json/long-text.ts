import {
  type DescField,
  type DescMessage,
  type JsonValue,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { malformedBody } from '../http/http-refusal.js';

/** Upper bound on texts that are fast to parse for any field. */
export const LONG_TEXT = 10_000;

/** Scalar types whose values JavaScript numbers cannot hold exactly. */
export const INTEGERS_OF_64_BITS: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

/** Limits on long texts. */
export interface LongTextRules {
  /** Types that an Any may contain. */
  readonly registry: Registry;
  /** Upper bound on the paths of a field mask. */
  readonly maxPaths: number;
}

/**
 * Rejects long texts that take longer to convert than to parse. For 64-bit integers, BigInt takes quadratic time;
 * in a field mask, each path becomes a value.
 *
 * @throws StatusError INVALID_ARGUMENT.
 */
export function checkLongText(type: DescMessage, json: JsonValue, rules: LongTextRules): void {
  if (typeof json === 'string') {
    if (type.typeName === 'google.protobuf.FieldMask') checkMask(json, rules.maxPaths);
    else if (isWrapperDesc(type)) checkScalar(type.fields[0].scalar, json, String(type.fields[0]));
    return;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
  const inner = type.typeName === 'google.protobuf.Any' ? typeOfAny(json['@type'], rules.registry) : type;
  // An Any stores the JSON form of a well-known type under this key.
  if (inner !== type && json.value !== undefined && inner) checkLongText(inner, json.value, rules);
  for (const field of inner?.fields ?? []) {
    checkField(field, json[field.jsonName], rules);
    if (field.name !== field.jsonName) checkField(field, json[field.name], rules);
  }
}

function checkField(field: DescField, json: JsonValue | undefined, rules: LongTextRules): void {
  if (json === undefined) return;
  switch (field.fieldKind) {
    case 'list':
      if (Array.isArray(json)) for (const item of json) checkValue(field, item, rules);
      return;
    case 'map':
      if (typeof json !== 'object' || json === null) return;
      for (const [key, value] of Object.entries(json)) {
        checkScalar(field.mapKey, key, String(field));
        checkValue(field, value, rules);
      }
      return;
    default:
      checkValue(field, json, rules);
  }
}

function checkValue(field: DescField, json: JsonValue, rules: LongTextRules): void {
  if (field.message) checkLongText(field.message, json, rules);
  else if (typeof json === 'string') checkScalar(field.scalar, json, String(field));
}

function checkScalar(scalar: ScalarType | undefined, text: string, field: string): void {
  if (text.length <= LONG_TEXT || !INTEGERS_OF_64_BITS.has(scalar)) return;
  throw malformedBody(
    `body does not fit ${field}: ${text.length} characters are no 64-bit integer; send at most 20 digits`,
  );
}

function checkMask(text: string, maxPaths: number): void {
  let paths = 1;
  for (let comma = text.indexOf(','); comma >= 0; comma = text.indexOf(',', comma + 1)) {
    if (++paths > maxPaths) throw malformedBody(`field mask has more than ${maxPaths} paths: send fewer`);
  }
}

/** Message type that the `@type` of an Any in JSON names; undefined if it is unknown. */
export function typeOfAny(url: unknown, registry: Registry): DescMessage | undefined {
  return typeof url === 'string' ? registry.getMessage(url.slice(url.lastIndexOf('/') + 1)) : undefined;
}
