import type { DescField, DescMessage, JsonValue, Registry } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { quoted } from '../../core/status.js';
import { malformedBody } from '../http/http-refusal.js';
import { INTEGERS_OF_64_BITS, typeOfAny } from './long-text.js';

const INTEGER_LITERAL = /^-?\d+$/;

/** Well-known types whose JSON form is no object of their fields. */
const OWN_JSON_FORM = /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|Struct|Value|ListValue)$/;

/** Number of a JSON text that JavaScript cannot represent exactly, with its digits. */
class ExactNumber {
  readonly value: number;
  readonly digits: string;

  constructor(value: number, digits: string) {
    this.value = value;
    this.digits = digits;
  }
}

/** Reviver argument with the text of a value, which the type definitions of TypeScript do not have yet. */
type ExactReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Returns true for integers that may differ from the digits they were parsed from. */
export function isInexact(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** JSON body, parsed and as text. */
export interface JsonBody {
  readonly text: string;
  readonly value: JsonValue;
  /** True if `value` has a number that {@link isInexact}. */
  readonly hasInexactNumbers: boolean;
}

/**
 * Rewrites a JSON body so that a strict parser reads what the caller means:
 *
 * - numbers of 64-bit integer fields keep all their digits, as text;
 * - unknown fields are dropped;
 * - `""` becomes an empty message, because google-gax sends it for one.
 *
 * @throws StatusError INVALID_ARGUMENT if an enum field has an unknown name.
 */
export function exactBody(type: DescMessage, body: JsonBody, registry: Registry): JsonValue {
  const { text, value, hasInexactNumbers } = body;
  return new ExactForm(registry, hasInexactNumbers).message(
    type,
    hasInexactNumbers ? parseExactly(text) : value,
  );
}

function parseExactly(text: string): Parsed {
  const reviver: ExactReviver = (_, value, { source = '' }) =>
    typeof value === 'number' && isInexact(value) && INTEGER_LITERAL.test(source)
      ? new ExactNumber(value, source)
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** Parsed JSON that may contain {@link ExactNumber}s. */
type Parsed = JsonValue | ExactNumber | Parsed[] | { [key: string]: Parsed };

class ExactForm {
  readonly #registry: Registry;
  /** Replaces exact numbers by the nearest ones of JavaScript. */
  readonly #plain: (json: Parsed) => JsonValue;

  constructor(registry: Registry, hasExactNumbers: boolean) {
    this.#registry = registry;
    this.#plain = hasExactNumbers ? plain : (json) => json as JsonValue;
  }

  message(type: DescMessage, json: Parsed): JsonValue {
    if (isWrapperDesc(type)) return this.#value(type.fields[0], json);
    if (OWN_JSON_FORM.test(type.typeName)) return this.#plain(json);
    if (json === '') return {};
    if (!isObject(json)) return this.#plain(json);
    if (type.typeName === 'google.protobuf.Any') return this.#any(json);
    const fields = new Map(
      type.fields.flatMap((field) => [field.jsonName, field.name].map((name) => [name, field])),
    );
    return this.#fields(json, (name) => fields.get(name));
  }

  /** The JSON of an Any has its type beside the fields of the message, or beside `value` for well-known types. */
  #any(json: { [key: string]: Parsed }): JsonValue {
    const url = json['@type'];
    const type = typeOfAny(url, this.#registry);
    if (!type) return this.#plain(json);
    const { '@type': _, ...rest } = json;
    if (OWN_JSON_FORM.test(type.typeName) || isWrapperDesc(type))
      return { '@type': this.#plain(url ?? null), value: this.message(type, rest.value ?? null) };
    return { '@type': this.#plain(url ?? null), ...(this.message(type, rest) as object) };
  }

  #fields(json: { [key: string]: Parsed }, fieldOf: (name: string) => DescField | undefined): JsonValue {
    const entries: [string, JsonValue][] = [];
    for (const [name, value] of Object.entries(json)) {
      const field = fieldOf(name);
      if (field) entries.push([name, this.#field(field, value)]);
      else if (this.#isExtension(name)) entries.push([name, this.#plain(value)]);
    }
    return Object.fromEntries(entries);
  }

  #isExtension(name: string): boolean {
    return /^\[.+\]$/.test(name) && this.#registry.getExtension(name.slice(1, -1)) !== undefined;
  }

  #field(field: DescField, json: Parsed): JsonValue {
    switch (field.fieldKind) {
      case 'list':
        return Array.isArray(json) ? json.map((item) => this.#value(field, item)) : this.#plain(json);
      case 'map':
        if (!isObject(json)) return this.#plain(json);
        return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, this.#value(field, item)]));
      default:
        return this.#value(field, json);
    }
  }

  #value(field: DescField, json: Parsed): JsonValue {
    if (field.message) return this.message(field.message, json);
    if (field.enum && typeof json === 'string') checkEnumName(field, field.enum.values, json);
    if (json instanceof ExactNumber && INTEGERS_OF_64_BITS.has(field.scalar)) return json.digits;
    return this.#plain(json);
  }
}

function checkEnumName(field: DescField, values: readonly { readonly name: string }[], name: string): void {
  if (values.some((value) => value.name === name)) return;
  const names = values.map((value) => value.name).join(', ');
  throw malformedBody(`body does not fit ${field}: ${quoted(name)} is unknown; use one of ${names}`);
}

function isObject(json: Parsed): json is { [key: string]: Parsed } {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof ExactNumber);
}

function plain(json: Parsed): JsonValue {
  if (json instanceof ExactNumber) return json.value;
  if (Array.isArray(json)) return json.map(plain);
  if (!isObject(json)) return json as JsonValue;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, plain(value)]));
}
