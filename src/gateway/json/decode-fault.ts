const FAULT = /^cannot decode (.*?) from JSON:? ?/;

/** What protobuf-es could not decode, and why: `field acme.Job.size: expected number (uint32), got "x"`. */
export function decodeFault(error: unknown): string {
  return messageOf(error).replace(FAULT, '$1: ');
}

/** Why alone, where it is said already of what. */
export function decodeReason(error: unknown): string {
  return messageOf(error).replace(FAULT, '');
}

function messageOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error);
}
