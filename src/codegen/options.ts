import { nearest } from '../core/nearest.js';

/** Options of the plug-in, besides the common options of protoplugin. */
export interface PluginOptions {
  /**
   * Location of ts-proto's output: a folder relative to the plug-in's output, or a package.
   *
   * @defaultValue `.`, the same folder
   */
  readonly tsProtoImport: string;
}

/** Help text for `--help` and for unknown options. */
export const OPTIONS_HELP = `Options:
  target=ts                 output: ts (the default), js, dts, or several, such as js+dts
  import_extension=none     what imports of files end in: none (the default), js or ts; as ts-proto's importSuffix
  ts_proto_import=.         where ts-proto's output is: a folder relative to this output (the default: the same
                            one), such as ../types, or a package, such as @acme/protos
  rewrite_imports=FROM:TO   imports TO where FROM would be, such as longrunning:@acme/longrunning
  elide_plugin_version=true leaves the version out of what is written`;

const OWN = 'ts_proto_import';
const ALL = [...OPTIONS_HELP.matchAll(/^ {2}(\w+)=/gm)].map(([, name = '']) => name);

/**
 * Parses the options that protoplugin does not know.
 *
 * @throws Error if an option is unknown or its value is invalid.
 */
export function parseOptions(
  options: readonly { readonly key: string; readonly value: string }[],
): PluginOptions {
  let tsProtoImport = '.';
  for (const { key, value } of options) {
    if (key !== OWN) throw new Error(unknownOption(key));
    if (value === '') throw new Error(`${OWN} is empty: give a folder or a package`);
    tsProtoImport = value.replace(/\/+$/, '');
  }
  return { tsProtoImport };
}

function unknownOption(key: string): string {
  const meant = nearest(key, ALL);
  return `there is no option ${JSON.stringify(key)}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}
