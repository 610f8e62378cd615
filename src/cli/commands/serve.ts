import { Command, InvalidArgumentError, Option } from 'commander';
import { ExitCode } from '../exit-code.js';
import { addressOption, type ProtoOptions, withProtoOptions } from '../options.js';
import type { Terminal } from '../terminal.js';

interface ServeOptions extends ProtoOptions {
  readonly address: string;
  readonly script?: string;
  readonly store: string;
  readonly graceMs: number;
}

const DEFAULT_GRACE_MS = 3000;

/** `longrunning serve` */
export function serveCommand(terminal: Terminal): Command {
  const command = new Command('serve')
    .description(
      'Serves google.longrunning.Operations, and fakes the services of protos: every method of theirs that returns an Operation starts one. Without --proto: an example service.',
    )
    .addOption(addressOption('where to listen; port 0 takes any that is free'));
  return withProtoOptions(command, 'proto whose services to fake (repeatable)')
    .option('--script <file>', 'YAML that says how operations go; see the documentation')
    .option('--store <store>', 'where operations are kept: memory, or sqlite:FILE', 'memory')
    .addOption(
      new Option('--grace-ms <milliseconds>', 'how long running work has to end when the server is stopped')
        .default(DEFAULT_GRACE_MS)
        .argParser(parseMilliseconds),
    )
    .action(async ({ address, graceMs, store: where, ...files }: ServeOptions) => {
      const { servedProtos } = await import('../served-protos.js');
      const { openStore } = await import('../store.js');
      const { serveUntilTerminated } = await import('../serve-until-terminated.js');
      const served = await servedProtos(files);
      const store = await openStore(where);
      try {
        await serveUntilTerminated(served, { address, graceMs, store, terminal });
      } finally {
        await store.close();
      }
      terminal.exitCode = ExitCode.SUCCEEDED;
    });
}

function parseMilliseconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number of milliseconds.');
  return Number(text);
}
