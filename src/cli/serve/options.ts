import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GatewayLimits, ServerTls } from '../../gateway/index.js';
import type { Schema } from '../../schema/index.js';
import type { AuthorizeStep } from '../../server/index.js';
import {
  addressOption,
  type ProtoOptions,
  readDuration,
  readPause,
  withProtoOptions,
} from '../options/options.js';
import { UsageError } from '../output/failure.js';

/** Every option of `serve`. */
export interface ServeOptions
  extends ListeningOptions,
    FakingOptions,
    RunningOptions,
    AuthOptions,
    LimitOptions,
    ObservingOptions {}

/** Adds the options of `serve` to a command, group by group. */
export function withServeOptions(command: Command): Command {
  const groups = [
    withListeningOptions,
    withFakingOptions,
    withRunningOptions,
    withAuthOptions,
    withObservingOptions,
    withLimitOptions,
  ];
  for (const addGroup of groups) addGroup(command);
  return command;
}

// Listening

/** Addresses and protocols of the server. */
export interface ListeningOptions {
  readonly address: string;
  readonly httpAddress?: string;
  readonly grpcOnly?: true;
  readonly restOnly?: true;
  /** Disables TLS at every address. */
  readonly insecure?: true;
  /** Files in PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly clientCa?: string;
}

function withListeningOptions(command: Command): void {
  command
    .addOption(addressOption('where to listen; port 0 takes any that is free'))
    .option('--http-address <host:port>', 'where to answer REST, and only there')
    .addOption(new Option('--grpc-only', 'answer no REST').conflicts(['restOnly', 'httpAddress']))
    .addOption(new Option('--rest-only', 'answer no gRPC').conflicts('httpAddress'))
    .option('--cert <file>', 'certificate of the server, in PEM; read again when it changes, and on SIGHUP')
    .option('--key <file>', 'private key of --cert, in PEM')
    .option('--client-ca <file>', 'authorities of client certificates, in PEM; other clients are rejected')
    .addOption(
      new Option('--insecure', 'use no TLS where other machines reach the server').conflicts([
        'cert',
        'key',
        'clientCa',
      ]),
    );
}

/** Addresses, protocols and security of a server. */
export interface ListenSettings {
  /** `host:port` or `unix:path`; port 0 takes any free port. */
  readonly address: string;
  /** Protocols at that address. REST may have a separate address. */
  readonly speaks: 'gRPC and REST' | 'gRPC' | 'REST' | { readonly restAddress: string };
  /** Allows plain text at addresses that other machines can reach. */
  readonly insecure: boolean;
  /** Certificates; undefined means no TLS. */
  readonly tls: ServerTls | undefined;
  /** Upper bound on connections per port; undefined means no limit. */
  readonly maxConnections?: number | undefined;
}

/**
 * Derives the listen settings from the options.
 *
 * @throws UsageError if the TLS options are incomplete.
 */
export function listenSettings(
  options: ListeningOptions & Pick<ListenSettings, 'maxConnections'>,
): ListenSettings {
  const { address, insecure = false, maxConnections } = options;
  return { address, speaks: protocolsOf(options), insecure, tls: serverTls(options), maxConnections };
}

function serverTls({ cert, key, clientCa }: ListeningOptions): ServerTls | undefined {
  if (cert === undefined && key === undefined) {
    if (clientCa === undefined) return undefined;
    throw new UsageError('--client-ca is given without TLS: add --cert and --key');
  }
  if (cert === undefined || key === undefined) {
    throw new UsageError('only one of --cert and --key is given: give both, or neither');
  }
  return { certFile: cert, keyFile: key, clientCaFile: clientCa };
}

function protocolsOf({ grpcOnly, restOnly, httpAddress }: ListeningOptions): ListenSettings['speaks'] {
  if (grpcOnly) return 'gRPC';
  if (restOnly) return 'REST';
  return httpAddress === undefined ? 'gRPC and REST' : { restAddress: httpAddress };
}

// Faked services

/** Files that define the faked services. */
export interface ServedFiles extends ProtoOptions {
  readonly script?: string;
  readonly serviceConfig?: string;
}

/** Faked services, their script and the recording of calls. */
export interface FakingOptions extends ServedFiles {
  readonly watch?: true;
  readonly record?: string;
}

function withFakingOptions(command: Command): void {
  withProtoOptions(command, 'proto whose services to fake (repeatable)')
    .option('--script <file>', 'YAML script of the operations; init-script prints a template')
    .option('--watch', 'reload --script when it changes')
    .option('--record <file>', 'append a line of JSON for every ended call')
    .option(
      '--service-config <file>',
      'google.api.Service in YAML whose HTTP rules replace those of the protos',
    );
}

/** Returns the script to reload on changes; undefined without `--watch`. @throws UsageError without a script. */
export function watchedScript({ watch, script }: FakingOptions): string | undefined {
  if (!watch) return undefined;
  if (script === undefined) throw new UsageError('--watch has nothing to watch: name a script with --script');
  return script;
}

// Running

/** Store of operations, and shutdown. */
export interface RunningOptions {
  readonly store: string;
  readonly storeListen?: string;
  /** Milliseconds. */
  readonly grace: number;
  /** Milliseconds. */
  readonly drainDelay: number;
}

const DEFAULT_GRACE_MS = 3000;

function withRunningOptions(command: Command): void {
  command
    .option(
      '--store <store>',
      'where operations are kept: memory, sqlite:FILE, or postgres://HOST/DATABASE',
      'memory',
    )
    .option(
      '--store-listen <address>',
      'where to listen for notifications of PostgreSQL, postgres://HOST/DATABASE, if --store leads to a pooler that does not keep sessions, such as PgBouncer in transaction mode',
    )
    .addOption(
      new Option('--grace <duration>', 'time for running work to end after the signal to stop')
        .default(DEFAULT_GRACE_MS, '3s')
        .argParser(readPause),
    )
    .addOption(
      new Option(
        '--drain-delay <duration>',
        'how long to accept calls after the signal to stop, while health reports NOT_SERVING',
      )
        .default(0, '0s')
        .argParser(readPause),
    );
}

// Access

/** Access policy. */
export interface AuthOptions {
  readonly auth?: string;
}

function withAuthOptions(command: Command): void {
  command.option(
    '--auth <file>',
    'YAML access policy by bearer tokens; without it every caller may do everything',
  );
}

/**
 * Reads the policy file of `--auth`; resolves to undefined without it.
 *
 * @throws UsageError with one line per fault.
 */
export async function authorization(
  { auth: file }: AuthOptions,
  schema: Schema,
): Promise<readonly AuthorizeStep[] | undefined> {
  if (file === undefined) return undefined;
  const { parseAuthFile, ScriptError } = await import('../../testing/server/faking.js');
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`the file of --auth cannot be read: ${cause.message}`, { cause });
  });
  try {
    const steps = parseAuthFile(text, { file, schema });
    for (const step of steps) await step.ready?.();
    return steps;
  } catch (cause) {
    if (cause instanceof ScriptError) throw new UsageError(cause.message.split('\n'), { cause });
    const { StatusError } = await import('../../index.js');
    const { message } = StatusError.from(cause);
    throw new UsageError(`${file} cannot be used: ${message}`, { cause });
  }
}

// Metrics and logs

/** Address of the metrics endpoint, and log level. */
export interface ObservingOptions {
  /** `host:port`; true selects the default address of Prometheus exporters. */
  readonly metrics?: string | true;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Lowest severity that is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_METRICS_ADDRESS = 'localhost:9464';

function withObservingOptions(command: Command): void {
  command
    .option(
      '--metrics [host:port]',
      `where to answer GET /metrics for Prometheus (without a value: ${DEFAULT_METRICS_ADDRESS})`,
    )
    .addOption(
      new Option('--log-level <level>', 'how much to log on standard error; debug has every call')
        .choices(LOG_LEVELS)
        .default('info'),
    );
}

/** Returns the address of the metrics endpoint; undefined without `--metrics`. */
export function metricsAddress({ metrics }: ObservingOptions): string | undefined {
  return metrics === true ? DEFAULT_METRICS_ADDRESS : metrics;
}

// Limits

/** Limits of the whole server, of each caller and of each connection. */
export interface LimitOptions {
  readonly maxRunning?: number;
  readonly maxUnfinished?: number;
  readonly maxCallsPerCaller?: number;
  readonly maxWaitsPerCaller?: number;
  readonly ratePerSecond?: number;
  readonly refusalsPerSecond?: number;
  readonly maxConnections?: number;
  readonly maxPageBytes?: number;
  readonly maxResultBytes?: number;
  /** Milliseconds. */
  readonly arrival?: number;
  readonly maxConnectionBytes?: number;
  readonly maxProcessBytes?: number;
}

function withLimitOptions(command: Command): void {
  const limits = [
    ['--max-running <count>', 'operations that run at once; more queue'],
    ['--max-unfinished <count>', 'operations that run or queue; more are refused'],
    ['--max-calls-per-caller <count>', 'calls of one caller at once; more are refused'],
    ['--max-waits-per-caller <count>', 'waits of one caller at once; more are refused'],
    ['--rate-per-second <count>', 'calls of one caller in a second; more are refused'],
    [
      '--refusals-per-second <count>',
      'refused calls from one address in a second; then all are refused at once',
    ],
    ['--max-connections <count>', 'connections at once at each address listened on; more are closed'],
    ['--max-page-bytes <bytes>', 'encoded size of a page of List (3 MiB by default), or one operation'],
    ['--max-result-bytes <bytes>', 'encoded size of a response, an error or metadata (3 MiB by default)'],
    [
      '--max-connection-bytes <bytes>',
      'memory for unfinished requests and answers of a connection (64 MiB by default)',
    ],
    ['--max-process-bytes <bytes>', 'the same memory for all connections together (256 MiB by default)'],
  ] as const;
  const options = [
    ...limits.map(([flags, description]) => new Option(flags, description).argParser(parseCount)),
    new Option(
      '--arrival <duration>',
      'time for a request to arrive (30s by default); slower ones are ended',
    ).argParser(readDuration),
  ];
  for (const option of options) command.addOption(option.helpGroup('Limits (none unless stated):'));
}

/** Limits in the form that `createOperations` takes. */
export function operationsLimits({
  maxRunning,
  maxUnfinished,
  maxCallsPerCaller,
  maxWaitsPerCaller,
  ratePerSecond,
  refusalsPerSecond,
  maxPageBytes,
  maxResultBytes,
}: LimitOptions) {
  const ofCaller = { maxCallsPerCaller, maxWaitsPerCaller, ratePerSecond, refusalsPerSecond };
  return { maxRunning, maxUnfinished, maxPageBytes, maxResultBytes, ...ofCaller };
}

/** Limits of requests in progress, for both protocols. */
export type TransportLimits = Pick<GatewayLimits, 'arrivalMs' | 'connectionBytes' | 'processBytes'>;

/** Limits in the form that `grpcLimits` and `createGateway` take. */
export function transportLimits({
  arrival: arrivalMs,
  maxConnectionBytes: connectionBytes,
  maxProcessBytes: processBytes,
}: LimitOptions): TransportLimits {
  return {
    ...(arrivalMs !== undefined && { arrivalMs }),
    ...(connectionBytes !== undefined && { connectionBytes }),
    ...(processBytes !== undefined && { processBytes }),
  };
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return Number(text);
}
