import type { Command } from 'commander';
import { withProtoOptions } from '../options.js';

/** Adds the options that say what is served and how it goes: those of `ServedFiles`. */
export function withFakingOptions(command: Command): Command {
  return withProtoOptions(command, 'proto whose services to fake (repeatable)')
    .option('--script <file>', 'YAML that says how operations go; see the documentation')
    .option(
      '--service-config <file>',
      'google.api.Service in YAML whose HTTP rules replace those of the protos',
    );
}
