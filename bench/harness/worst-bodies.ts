/** Almost 4 MiB: the longest body that is taken. */
const LENGTH = 4 * 1024 * 1024 - 64;
/** As many values as are taken by default, less a few for what is around them. */
const VALUES = 10_000 - 10;

const filled = (make: (index: number) => string, count: number) =>
  Array.from({ length: count }, (_, index) => make(index)).join();
const wide = (count: number) => Math.floor(LENGTH / count) - 6;
const keys = (count: number) =>
  filled((index) => `"${String(index).padEnd(wide(count), 'k')}":1`, count).slice(0, LENGTH);
/** An entry of a Struct takes more bytes as protobuf than as JSON. Above 4 MiB the server takes no message. */
const keysOfMessage = () =>
  keys(VALUES)
    .slice(0, Math.floor(LENGTH * 0.95))
    .replace(/,[^,]*$/, '');
const spaced = (text: string) => text + ' '.repeat(LENGTH - text.length);

/** Bodies of 4 MiB, by what is expensive about them: those that are taken, and those that are refused for it. */
const BODIES = {
  'a long string': () => `{"name":"${'x'.repeat(LENGTH)}"}`,
  'long bytes': () => `{"data":"${'A'.repeat(LENGTH - (LENGTH % 4))}"}`,
  'white space': () => spaced('{}'),
  'unknown keys': () => `{${keys(VALUES)}}`,
  'keys of a Struct': () => `{"extra":{${keysOfMessage()}}}`,
  'keys of a Struct that is too long as a message': () => `{"extra":{${keys(VALUES)}}}`,
  'keys of a Struct in a list of messages': () => `{"bodies":[{"bodies":[{"extra":{${keysOfMessage()}}}]}]}`,
  'keys of a Struct in an Any': () =>
    `{"any":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{${keysOfMessage()}}}}`,
  'keys of a Value': () => `{"value":{${keysOfMessage()}}}`,
  'keys of a map': () => `{"labels":{${keysOfMessage().replaceAll(':1', ':""')}}}`,
  'a Struct of empty objects': () => spaced(`{"extra":{"a":[${filled(() => '{}', VALUES / 2)}]}}`),
  'long texts in a Struct': () =>
    `{"extra":{"a":[${filled(() => `"${'é'.repeat(wide(VALUES) / 2)}"`, VALUES)}]}}`,
  'messages of a list': () => spaced(`{"bodies":[${filled(() => '{}', VALUES / 2)}]}`),
  'numbers of a list': () => spaced(`{"numbers":[${filled(String, VALUES)}]}`),
  '250,000 unknown keys': () => `{${keys(250_000)}}`,
  'a million empty objects': () => `{"unknown":[${filled(() => '{}', LENGTH / 3)}]}`,
  'a million numbers': () => `{"numbers":[${filled(() => '1', LENGTH / 2)}]}`,
  'a number of millions of digits': () => `{"big":"${'9'.repeat(LENGTH)}"}`,
  'a field mask of millions of paths': () => `{"mask":"${filled(() => 'a', LENGTH / 2)}"}`,
} satisfies Record<string, () => string>;

export type BodyName = keyof typeof BODIES;

export const BODY_NAMES = Object.keys(BODIES) as BodyName[];

export function bodyOf(name: BodyName): string {
  return BODIES[name]();
}
