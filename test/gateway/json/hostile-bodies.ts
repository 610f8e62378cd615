/** Bodies of almost 4 MiB that are much more expensive to parse than their length suggests. */
const LENGTH = 4 * 1024 * 1024 - 64;

const list = (item: string, length = LENGTH) =>
  Array(Math.floor(length / (item.length + 1)))
    .fill(item)
    .join();
const keys = (count: number, width = Math.floor(LENGTH / count) - 5) =>
  Array.from({ length: count }, (_, index) => `"${String(index).padEnd(width, 'k')}":1`).join();

/** Fields of a message with one of each kind, with bodies that abuse them. */
export const HOSTILE_BODIES: Readonly<Record<string, string>> = {
  '250,000 unknown keys': `{${keys(250_000)}}`,
  'empty objects under an unknown key': `{"unknown":[${list('{}')}]}`,
  'nested arrays under an unknown key': `{"unknown":[${list('[[[[]]]]')}]}`,
  'numbers under an unknown key': `{"unknown":[${list('1')}]}`,
  'deep nesting under an unknown key': `{"unknown":${'['.repeat(LENGTH / 2)}${']'.repeat(LENGTH / 2)}}`,
  'unterminated deep nesting': `{"unknown":${'{"a":'.repeat(LENGTH / 5)}`,
  'keys of a Struct': `{"extra":{${keys(200_000)}}}`,
  'keys of a map': `{"labels":{${keys(200_000)
    .replaceAll(':1', ':"1"')
    .slice(0, LENGTH - 20)}`,
  'messages of a list': `{"inners":[${list('{}')}]}`,
  'numbers of a list': `{"numbers":[${list('1')}]}`,
  'messages of an Any': `{"any":{"@type":"type.googleapis.com/google.protobuf.ListValue","value":[${list('{}', LENGTH - 80)}]}}`,
  'an integer of millions of digits': `{"big":"${'9'.repeat(LENGTH)}"}`,
  'a wrapped integer of millions of digits': `{"wrapped":"${'9'.repeat(LENGTH)}"}`,
  'an integer of millions of digits in an Any': `{"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"${'9'.repeat(LENGTH - 80)}"}}`,
  'a field mask of millions of paths': `{"mask":"${list('a')}"}`,
  'a field mask of millions of paths in an Any': `{"any":{"@type":"type.googleapis.com/google.protobuf.FieldMask","value":"${list('a', LENGTH - 80)}"}}`,
  'an unterminated string of escaped quotes': `{"unknown":"${'\\"'.repeat(LENGTH / 2)}`,
};
