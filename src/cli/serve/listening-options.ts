import { type Command, Option } from 'commander';
import type { TlsFiles } from '../../gateway/index.js';
import { UsageError } from '../failures/usage-error.js';
import { addressOption } from '../options/options.js';
import type { ListenSettings } from './listen.js';

/** Where a server listens, and for what. */
export interface ListeningOptions {
  readonly address: string;
  readonly httpAddress?: string;
  readonly grpcOnly?: true;
  readonly restOnly?: true;
  /** Set: no TLS, wherever it listens. */
  readonly insecure?: true;
  /** Files in PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly clientCa?: string;
}

/** Adds `--address`, `--http-address`, `--grpc-only`, `--rest-only` and the options of TLS. */
export function withListeningOptions(command: Command): Command {
  return command
    .addOption(addressOption('where to listen; port 0 takes any that is free'))
    .option('--http-address <host:port>', 'where to answer REST, and only there')
    .addOption(new Option('--grpc-only', 'answer no REST').conflicts(['restOnly', 'httpAddress']))
    .addOption(new Option('--rest-only', 'answer no gRPC').conflicts('httpAddress'))
    .option('--cert <file>', 'certificate of the server, in PEM; read again when it changes, and on SIGHUP')
    .option('--key <file>', 'private key of --cert, in PEM')
    .option(
      '--client-ca <file>',
      'certificates of who signs those of clients, in PEM; others are turned away',
    )
    .addOption(
      new Option('--insecure', 'use no TLS where other machines reach the server').conflicts([
        'cert',
        'key',
        'clientCa',
      ]),
    );
}

/**
 * What the options make of it.
 *
 * @throws UsageError when the options of TLS are not all there.
 */
export function listenSettings(
  options: ListeningOptions & Pick<ListenSettings, 'maxConnections'>,
): ListenSettings {
  const { address, insecure = false, maxConnections } = options;
  return { address, speaks: spoken(options), insecure, tlsFiles: tlsFiles(options), maxConnections };
}

function tlsFiles({ cert, key, clientCa }: ListeningOptions): TlsFiles | undefined {
  if (cert === undefined && key === undefined) {
    if (clientCa === undefined) return undefined;
    throw new UsageError('--client-ca is given without TLS: add --cert and --key');
  }
  if (cert === undefined || key === undefined) {
    throw new UsageError('only one of --cert and --key is given: give both, or neither');
  }
  return { cert, key, ...(clientCa !== undefined && { clientCa }) };
}

function spoken({ grpcOnly, restOnly, httpAddress }: ListeningOptions): ListenSettings['speaks'] {
  if (grpcOnly) return 'gRPC';
  if (restOnly) return 'REST';
  return httpAddress === undefined ? 'gRPC and REST' : { restAddress: httpAddress };
}
