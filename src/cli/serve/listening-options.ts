import { type Command, Option } from 'commander';
import type { ListenSettings } from '../listen.js';
import { addressOption } from '../options.js';

/** Where a server listens, and for what. */
export interface ListeningOptions {
  readonly address: string;
  readonly httpAddress?: string;
  readonly grpcOnly?: true;
  readonly restOnly?: true;
}

/** Adds `--address`, `--http-address`, `--grpc-only` and `--rest-only`. */
export function withListeningOptions(command: Command): Command {
  return command
    .addOption(addressOption('where to listen; port 0 takes any that is free'))
    .option('--http-address <host:port>', 'where to answer REST, and only there')
    .addOption(new Option('--grpc-only', 'answer no REST').conflicts(['restOnly', 'httpAddress']))
    .addOption(new Option('--rest-only', 'answer no gRPC').conflicts('httpAddress'));
}

/** What the options make of it. */
export function listenSettings(options: ListeningOptions): ListenSettings {
  return { address: options.address, speaks: spoken(options) };
}

function spoken({ grpcOnly, restOnly, httpAddress }: ListeningOptions): ListenSettings['speaks'] {
  if (grpcOnly) return 'gRPC';
  if (restOnly) return 'REST';
  return httpAddress === undefined ? 'gRPC and REST' : { restAddress: httpAddress };
}
