import type { JsonValue } from '@bufbuild/protobuf';
import { Code, kitError, type StatusError } from '../../core/status.js';
import { malformedBody } from '../http/http-refusal.js';
import { isInexact } from './exact-body.js';
import { LONG_TEXT } from './long-text.js';

/**
 * Upper bound on nested arrays and objects. protobuf-es reads 100 levels of messages; this covers everything
 * else.
 */
const MAX_DEPTH = 500;

/** Parsed JSON text. */
export interface ParsedJson {
  readonly value: JsonValue;
  /** True if an object contains a key twice. `value` contains the last one. */
  readonly hasDuplicateKeys: boolean;
  /** True if a string is so long that some field types take long to parse it. See {@link LONG_TEXT}. */
  readonly hasLongText: boolean;
  /** True if a number may differ from its digits. See {@link isInexact}. */
  readonly hasInexactNumbers: boolean;
}

/**
 * Parses untrusted JSON. Values are counted before they are created, which bounds the time.
 *
 * @param maxValues - upper bound on the values, counting arrays and objects too.
 * @throws StatusError INVALID_ARGUMENT if the text is not JSON, or has too many values or levels.
 */
export function parseJson(text: string, maxValues: number): ParsedJson {
  const keysInText = countKeys(text, maxValues);
  const value = parsed(text);
  const { keys, ...facts } = surveyed(value);
  return { value, hasDuplicateKeys: keys !== keysInText, ...facts };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Characters to scan after an escape, because escapes often come in groups. */
const NEAR_ESCAPE = 32;

/** Scans a text once; it need not be JSON. @returns the number of keys in all its objects, if it is JSON */
function countKeys(text: string, maxValues: number): number {
  // A regular expression finds the next of these many times faster than a loop over the characters.
  const structural = /[",:[\]{}]/g;
  let keys = 0;
  let values = 1;
  let depth = 0;
  while (structural.test(text)) {
    switch (text[structural.lastIndex - 1]) {
      case '"':
        structural.lastIndex = endOfString(text, structural.lastIndex);
        break;
      case ',':
        values++;
        break;
      case ':':
        keys++;
        break;
      case '[':
      case '{':
        values++;
        if (++depth > MAX_DEPTH) throw tooComplex(`is nested deeper than ${MAX_DEPTH} levels`, 'flatten it');
        break;
      case ']':
      case '}':
        depth--;
        break;
    }
    if (values > maxValues) throw tooComplex(`has more than ${maxValues} values`, 'send fewer at once');
  }
  return keys;
}

/** Index after the string whose contents begin at `start`, or the end of the text if it is not terminated. */
function endOfString(text: string, start: number): number {
  for (let index = start; ; ) {
    const quote = text.indexOf('"', index);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    const nearby = Math.min(quote + NEAR_ESCAPE, text.length);
    for (index = quote + 1; index < nearby; index++) {
      const character = text.charCodeAt(index);
      if (character === QUOTE) return index + 1;
      if (character === BACKSLASH) index++;
    }
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw malformedBody(`body is no JSON: ${reason}; correct it`);
  }
}

interface Survey {
  keys: number;
  hasLongText: boolean;
  hasInexactNumbers: boolean;
}

function surveyed(top: JsonValue): Survey {
  const survey: Survey = { keys: 0, hasLongText: false, hasInexactNumbers: false };
  const open: JsonValue[] = [top];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value === 'string') survey.hasLongText ||= value.length > LONG_TEXT;
    else if (typeof value === 'number') survey.hasInexactNumbers ||= isInexact(value);
    else if (Array.isArray(value)) for (const item of value) open.push(item);
    else if (typeof value === 'object' && value !== null) {
      const items = Object.values(value);
      survey.keys += items.length;
      for (const item of items) open.push(item);
    }
  }
  return survey;
}

function tooComplex(fault: string, remedy: string): StatusError {
  return kitError(Code.INVALID_ARGUMENT, 'BODY_TOO_COMPLEX', `body ${fault}: ${remedy}`);
}
