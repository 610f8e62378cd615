import { type DescMessage, fromJson, type JsonValue, type Registry } from '@bufbuild/protobuf';
import { quoted } from '../../core/status.js';

const FAULT = /^cannot decode (.*?) from JSON:? ?/;

/** Value that could not be parsed, and the types that an Any may contain. */
export interface MisfitJson {
  readonly type: DescMessage;
  readonly json: JsonValue;
  readonly registry: Registry;
}

/** Describes the reason for which a value does not fit: `field acme.Job.size: expected number (uint32), got "x"`. */
export function decodeFault(error: unknown, misfit: MisfitJson): string {
  const message = messageOf(error);
  return FAULT.test(message) ? message.replace(FAULT, '$1: ') : `${misfit.type}: ${malformedField(misfit)}`;
}

/** Describes only the reason, for messages that name the field themselves. */
export function decodeReason(error: unknown): string {
  const message = messageOf(error);
  return FAULT.test(message) ? message.replace(FAULT, '') : 'the value is malformed';
}

/** Names the field if the error of protobuf-es does not, for example for a duration with ten decimals. */
function malformedField({ type, json, registry }: MisfitJson): string {
  const entries =
    typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : [];
  for (const [key, value] of entries) {
    try {
      fromJson(type, { [key]: value }, { registry, ignoreUnknownFields: true });
    } catch {
      return `${quoted(key)} has a malformed value`;
    }
  }
  return 'a value is malformed';
}

function messageOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error);
}
