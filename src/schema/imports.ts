import { readFileSync } from 'node:fs';
import { quoted } from '../core/status.js';
import { findIncluded } from './include-dirs.js';
import { SchemaError } from './schema-error.js';

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
