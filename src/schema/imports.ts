import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { quoted } from '../core/status.js';
import { packageRoot } from './package-root.js';
import { SchemaError } from './schema.js';

/**
 * Returns the directories searched after the caller's: the protos of this package, then those of Google APIs
 * (`google/api`, `google/rpc`, `google/type`), of which google-gax has more if it is installed. There are none in a bundle
 * that is deployed without the package.
 */
export function defaultIncludeDirs(): string[] {
  const root = packageRoot();
  const own = root === undefined ? [] : [join(root, 'protos'), join(root, 'dist/protos')];
  return [...own, ...gaxProtos()].filter((directory) => existsSync(directory));
}

/** Directory of the protos of google-gax, an optional dependency. */
function gaxProtos(): string[] {
  try {
    return [resolve(dirname(createRequire(import.meta.url).resolve('google-gax')), '../protos')];
  } catch {
    return [];
  }
}

/** Returns the absolute path of a file relative to an include directory, or undefined if none contains it. */
export function findIncluded(name: string, includeDirs: readonly string[]): string | undefined {
  const candidates = isAbsolute(name) ? [name] : includeDirs.map((dir) => resolve(dir, name));
  return candidates.find((path) => existsSync(path));
}

/**
 * Checks the imports of every file, recursively. For a missing import, proto-loader names only the last
 * directory it searched, and also prints a warning.
 *
 * @throws SchemaError with the importing file if a file cannot be read or an import is missing.
 */
export function checkImports(files: readonly string[], includeDirs: readonly string[]): void {
  const seen = new Set(files);
  for (const file of seen) {
    for (const name of importsOf(read(file))) {
      const found = findIncluded(name, includeDirs);
      if (found) seen.add(found);
      else if (!isBundled(name)) throw unresolved(file, name, includeDirs);
    }
  }
}

/** Returns the names that a .proto file imports. */
function importsOf(text: string): string[] {
  const imports = withoutComments(text).matchAll(/(?:^|;)\s*import\s+(?:public\s+|weak\s+)?(["'])(.+?)\1/gm);
  return Array.from(imports, ([, , name = '']) => name);
}

/**
 * Removes comments. Matches strings, too, because the slashes and asterisks of HTTP paths in them do not
 * start comments.
 */
function withoutComments(text: string): string {
  const token = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/.*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (_, string?: string) => string ?? ' ');
}

/** Returns true for files that are built into proto-loader. */
function isBundled(name: string): boolean {
  return name.startsWith('google/protobuf/');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SchemaError(`${file} cannot be read: ${String(cause)}; check its path and permissions`, {
      cause,
    });
  }
}

function unresolved(file: string, name: string, includeDirs: readonly string[]): SchemaError {
  return new SchemaError(
    `${file} imports ${quoted(name)}, which is in none of ${includeDirs.join(', ')}: add the directory that its name begins in to the include directories`,
  );
}
