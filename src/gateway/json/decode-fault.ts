import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Registry,
} from '@bufbuild/protobuf';
import { quoted } from '../../core/status.js';

/** Error of protobuf-es that names what cannot be decoded. For well-known types, that is not the field. */
const FAULT = /^cannot decode (?!message google\.protobuf\.)(.*?) from JSON:? ?/;
const ANY_FAULT = /^cannot decode .*? from JSON:? ?/;

/** Value that could not be parsed, and the types that an Any may contain. */
export interface MisfitJson {
  readonly type: DescMessage;
  readonly json: JsonValue;
  readonly registry: Registry;
}

/** Describes the reason for which a value does not fit: `field acme.Job.size: expected number (uint32), got "x"`. */
export function decodeFault(error: unknown, misfit: MisfitJson): string {
  const message = messageOf(error);
  if (FAULT.test(message)) return message.replace(FAULT, '$1: ');
  const reason = ANY_FAULT.test(message) ? `: ${message.replace(ANY_FAULT, '')}` : '';
  return `${misfit.type}: ${malformedField(misfit)}${reason}`;
}

/** Describes only the reason, for messages that name the field themselves. */
export function decodeReason(error: unknown): string {
  const message = messageOf(error);
  return ANY_FAULT.test(message) ? message.replace(ANY_FAULT, '') : 'the value is malformed';
}

/** Names the field if the error of protobuf-es does not, for example for a duration with ten decimals. */
function malformedField({ type, json, registry }: MisfitJson): string {
  const path = malformedPath({ type, json, registry });
  return path === '' ? 'a value is malformed' : `${quoted(path)} has a malformed value`;
}

/** Path of the innermost malformed field: `inner.time`; empty if none is malformed by itself. */
function malformedPath({ type, json, registry }: MisfitJson): string {
  const entries = isObject(json) ? Object.entries(json) : [];
  for (const [key, value] of entries) {
    try {
      fromJson(type, { [key]: value }, { registry, ignoreUnknownFields: true });
    } catch {
      const field = type.fields.find(({ jsonName, name }) => jsonName === key || name === key);
      const inner = field?.message?.typeName.startsWith('google.protobuf.') ? undefined : field?.message;
      const rest = inner && malformedPath({ type: inner, json: value, registry });
      return rest ? `${key}.${rest}` : key;
    }
  }
  return '';
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function messageOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error);
}
