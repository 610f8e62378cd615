import { nearest } from '../core/nearest.js';

/** What the plug-in can be asked for, besides what every plug-in on protoplugin takes. */
export interface PluginOptions {
  /**
   * Where ts-proto's output is: a folder relative to that of this plug-in, or a package.
   *
   * @defaultValue `.`, beside what this plug-in writes
   */
  readonly tsProtoImport: string;
}

/** What the command line says to `--help`, and whoever gives an option that there is not. */
export const OPTIONS_HELP = `Options:
  target=ts                 what to write: ts (the default), js, dts, or several, as in js+dts
  import_extension=none     what imports of files end in: none (the default), js or ts; as ts-proto's importSuffix
  ts_proto_import=.         where ts-proto's output is: a folder relative to this output (the default: the same
                            one), such as ../types, or a package, such as @acme/protos
  rewrite_imports=FROM:TO   imports TO where FROM would be, such as longrunning:@acme/longrunning
  elide_plugin_version=true leaves the version out of what is written`;

const OWN = 'ts_proto_import';
const ALL = [...OPTIONS_HELP.matchAll(/^ {2}(\w+)=/gm)].map(([, name = '']) => name);

/**
 * Reads the options that protoplugin does not know.
 *
 * @throws Error when there is no such option, or its value is none.
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
