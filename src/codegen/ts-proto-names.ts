// How ts-proto calls what it generates, with its default naming options. Nothing of it is exported by ts-proto.
import type { DescFile, DescMessage } from '@bufbuild/protobuf';

/** Names that ts-proto gives a suffix, for they are those of JavaScript. */
const BUILT_IN = ['Date', 'Function'];

/** What separates the words of a method name, as ts-proto's own splitter (case-anything) has it. */
const WORD = /[A-Z][a-z]+|[a-z]+|[0-9]+|[A-Z]+(?![a-z])/g;

/** The module that ts-proto makes of a file, without extension: `google/protobuf/empty`. */
export function moduleName(file: DescFile): string {
  // The first `.proto`, not the last: that of `my.protos/x.proto` is `mys/x.proto`, as ts-proto has it.
  return file.proto.name.replace('.proto', '');
}

/** The codec that ts-proto makes of a message: `Outer_Inner` for one in another. */
export function codecName(message: DescMessage): string {
  const names = [camelCaseWords(message.name)];
  for (let outer = message.parent; outer; outer = outer.parent) names.unshift(camelCaseWords(outer.name));
  const name = names.join('_');
  return BUILT_IN.includes(name) ? `${name}Message` : name;
}

/** The name of a method in ts-proto's definition of the service: `getApiKey` for `GetAPIKey`. */
export function methodName(name: string): string {
  const words = name.match(WORD) ?? [name];
  return words
    .map((word, index) => (index === 0 ? word.toLowerCase() : capitalized(word.toLowerCase())))
    .join('');
}

/** `FooBar` for `Foo_Bar` and `FOO_BAR`; a name without underscores stays as it is. */
function camelCaseWords(name: string): string {
  if (!name.includes('_')) return name;
  const mixed = /[a-z]/.test(name);
  const words = name.split('_').map((word) => (mixed ? word : word.toLowerCase()));
  return words.map((word, index) => (index === 0 ? word : capitalized(word))).join('');
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
