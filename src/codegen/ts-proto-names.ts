// Naming rules of ts-proto with its default options. ts-proto does not export them.
import type { DescFile, DescMessage } from '@bufbuild/protobuf';

/** Names of JavaScript globals, to which ts-proto appends a suffix. */
const BUILT_IN = ['Date', 'Function'];

/** Matches the words of a method name, like ts-proto's own splitter (case-anything). */
const WORD = /[A-Z][a-z]+|[a-z]+|[0-9]+|[A-Z]+(?![a-z])/g;

/** Returns the module that ts-proto generates for a file, without extension: `google/protobuf/empty`. */
export function moduleName(file: DescFile): string {
  // Removes the first `.proto`, not the last, like ts-proto: `my.protos/x.proto` becomes `mys/x.proto`.
  return file.proto.name.replace('.proto', '');
}

/** Returns the name of the codec that ts-proto generates for a message: `Outer_Inner` for a nested one. */
export function codecName(message: DescMessage): string {
  const names = [camelCaseWords(message.name)];
  for (let outer = message.parent; outer; outer = outer.parent) names.unshift(camelCaseWords(outer.name));
  const name = names.join('_');
  return BUILT_IN.includes(name) ? `${name}Message` : name;
}

/** Returns the name of a method in ts-proto's service definition: `getApiKey` for `GetAPIKey`. */
export function methodName(name: string): string {
  const words = name.match(WORD) ?? [name];
  return words
    .map((word, index) => (index === 0 ? word.toLowerCase() : capitalized(word.toLowerCase())))
    .join('');
}

/** Returns `FooBar` for `Foo_Bar` and `FOO_BAR`. A name without underscores is unchanged. */
function camelCaseWords(name: string): string {
  if (!name.includes('_')) return name;
  const mixed = /[a-z]/.test(name);
  const words = name.split('_').map((word) => (mixed ? word : word.toLowerCase()));
  return words.map((word, index) => (index === 0 ? word : capitalized(word))).join('');
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
