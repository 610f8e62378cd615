import type { Command } from 'commander';
import { UsageError } from '../failures/usage-error.js';
import { withProtoOptions } from '../options/options.js';
import type { ServedFiles } from './served-protos.js';

/** What is served, how it goes, and what is told of it. */
export interface FakingOptions extends ServedFiles {
  readonly watch?: true;
  readonly record?: string;
}

/** Adds the options that say what is served and how it goes. */
export function withFakingOptions(command: Command): Command {
  return withProtoOptions(command, 'proto whose services to fake (repeatable)')
    .option('--script <file>', 'YAML that says how operations go; init-script writes one to begin with')
    .option('--watch', 'read --script anew whenever it changes')
    .option('--record <file>', 'append a line of JSON to it for every call, once that has ended')
    .option(
      '--service-config <file>',
      'google.api.Service in YAML whose HTTP rules replace those of the protos',
    );
}

/** The script that `--watch` is for; undefined: none. */
export function watchedScript({ watch, script }: FakingOptions): string | undefined {
  if (!watch) return undefined;
  if (script === undefined) throw new UsageError('--watch has nothing to watch: name a script with --script');
  return script;
}
