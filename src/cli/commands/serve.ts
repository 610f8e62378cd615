import { Command, InvalidArgumentError, Option } from 'commander';
import { ExitCode } from '../exit-code.js';
import type { ListenSettings } from '../listen.js';
import { addressOption, withProtoOptions } from '../options.js';
import type { ServedFiles } from '../served-protos.js';
import type { Terminal } from '../terminal.js';

interface ServeOptions extends ServedFiles {
  readonly address: string;
  readonly httpAddress?: string;
  readonly grpcOnly?: true;
  readonly restOnly?: true;
  readonly store: string;
  readonly graceMs: number;
}

const DEFAULT_GRACE_MS = 3000;

/** `longrunning serve` */
export function serveCommand(terminal: Terminal): Command {
  const command = new Command('serve')
    .description(
      'Serves google.longrunning.Operations, and fakes the services of protos: every method of theirs that returns an Operation starts one. Without --proto: an example service. Answers gRPC and REST on one port.',
    )
    .addOption(addressOption('where to listen; port 0 takes any that is free'))
    .option('--http-address <host:port>', 'where to answer REST, and only there')
    .addOption(new Option('--grpc-only', 'answer no REST').conflicts(['restOnly', 'httpAddress']))
    .addOption(new Option('--rest-only', 'answer no gRPC').conflicts('httpAddress'));
  return withProtoOptions(command, 'proto whose services to fake (repeatable)')
    .option('--script <file>', 'YAML that says how operations go; see the documentation')
    .option(
      '--service-config <file>',
      'google.api.Service in YAML whose HTTP rules replace those of the protos',
    )
    .option(
      '--store <store>',
      'where operations are kept: memory, sqlite:FILE, or postgres://HOST/DATABASE',
      'memory',
    )
    .addOption(
      new Option('--grace-ms <milliseconds>', 'how long running work has to end when the server is stopped')
        .default(DEFAULT_GRACE_MS)
        .argParser(parseMilliseconds),
    )
    .action(async ({ address, graceMs, store: where, ...options }: ServeOptions) => {
      const { servedProtos } = await import('../served-protos.js');
      const { openStore } = await import('../store.js');
      const { serveUntilTerminated } = await import('../serve-until-terminated.js');
      const served = await servedProtos(options);
      const store = await openStore(where);
      try {
        await serveUntilTerminated(served, { address, speaks: spoken(options), graceMs, store, terminal });
      } finally {
        await store.close();
      }
      terminal.exitCode = ExitCode.SUCCEEDED;
    });
}

function spoken({
  grpcOnly,
  restOnly,
  httpAddress,
}: Pick<ServeOptions, 'grpcOnly' | 'restOnly' | 'httpAddress'>): ListenSettings['speaks'] {
  if (grpcOnly) return 'gRPC';
  if (restOnly) return 'REST';
  return httpAddress === undefined ? 'gRPC and REST' : { restAddress: httpAddress };
}

function parseMilliseconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number of milliseconds.');
  return Number(text);
}
