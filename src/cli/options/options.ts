import { Command, InvalidArgumentError, Option } from 'commander';
import type { TokenOptions } from '../connection/token-source.js';
import { UsageError } from '../output/failure.js';

/** Default of `--address` and LONGRUNNING_ADDRESS. */
export const DEFAULT_ADDRESS = 'localhost:50051';

/** Protos to read, and the directories of their imports. */
export interface ProtoOptions {
  readonly proto: readonly string[];
  readonly include: readonly string[];
}

/** Sources of the message types that a command knows. */
export interface TypeOptions extends ProtoOptions {
  /** Files of descriptor sets. */
  readonly descriptors: readonly string[];
}

/** Address, security and identity of a connection. */
export interface ConnectingOptions extends TokenOptions {
  readonly address: string;
  /** Disables TLS at every address. */
  readonly insecure?: true;
  /** Uses Google's Application Default Credentials. */
  readonly google?: true;
  /** Files in PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Values by name in lower case. */
  readonly header: Readonly<Record<string, string>>;
}

/** Options of every command that calls a server. */
export interface CallingOptions extends ConnectingOptions, TypeOptions {
  readonly json?: true;
  /** Time limit of the command in milliseconds. */
  readonly timeout?: number;
}

/** Creates a command that calls a server, with the options that all such commands have. */
export function callingCommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .option('--json', 'print ProtoJSON, and nothing else, on standard output')
    .addOption(
      new Option('--timeout <duration>', 'give up after that long: 500ms, 30s, 2m').argParser(readDuration),
    );
  withProtoOptions(
    command,
    'proto with the types of metadata and responses (repeatable; default: reflection of the server)',
  ).addOption(
    repeatable(
      '--descriptors <file>',
      'descriptor set, such as from buf build -o, instead of protos or in addition (repeatable)',
    ),
  );
  for (const option of connectingOptions()) command.addOption(option.helpGroup(CONNECTION));
  return command;
}

const CONNECTION = 'Connection (before the command, too):';

/** Creates the options of a connection. */
export function connectingOptions(): Option[] {
  return [
    addressOption('where the server is'),
    new Option('--insecure', 'use no TLS; connections to this machine use none by default'),
    new Option('--token <token>', 'bearer token; sent in plain text only on this machine').env(
      'LONGRUNNING_TOKEN',
    ),
    new Option('--token-file <file>', 'file with the bearer token, read again for every call'),
    new Option('--token-command <command>', 'shell command that prints the bearer token, run once a minute'),
    new Option('--header <name=value>', 'header to send with every call (repeatable)')
      .default({}, 'none')
      .argParser(readHeader),
    new Option('--ca <file>', 'trusted certificate authorities, in PEM; enables TLS to this machine too'),
    new Option('--cert <file>', 'certificate of the client, in PEM, for servers that require one'),
    new Option('--key <file>', 'private key of --cert, in PEM'),
    new Option(
      '--profile <file>',
      'settings in YAML (default: longrunning/profile.yaml in $XDG_CONFIG_HOME or ~/.config)',
    ).env('LONGRUNNING_PROFILE'),
  ];
}

/** Creates `--google`, for commands that call only `google.longrunning.Operations`. */
export function googleOption(): Option {
  return new Option(
    '--google',
    "with Google's Application Default Credentials, to the API at --address",
  ).conflicts('insecure');
}

/** Creates a command that calls `google.longrunning.Operations`, with `--google` for Google's APIs. */
export function operationsCommand(name: string, description: string): Command {
  return callingCommand(name, description)
    .addOption(googleOption().helpGroup(CONNECTION))
    .hook('preAction', (_, command) => {
      if (!command.opts<ConnectingOptions>().google) return;
      if (command.getOptionValueSource('address') !== 'default') return;
      throw new UsageError(
        '--google needs an API: add its endpoint, as in --address gkemulticloud.googleapis.com',
      );
    });
}

/** Adds `--proto` and `--include`. */
export function withProtoOptions(command: Command, description: string): Command {
  return command
    .addOption(repeatable('--proto <file>', description))
    .addOption(repeatable('--include <directory>', 'where to look for what protos import (repeatable)'));
}

/** Creates `--address`, which LONGRUNNING_ADDRESS can set too. */
export function addressOption(description: string): Option {
  return new Option('--address <host:port>', description).default(DEFAULT_ADDRESS).env('LONGRUNNING_ADDRESS');
}

/** Parses the value of a duration option to milliseconds. @throws InvalidArgumentError if it is malformed. */
export function readDuration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined)
    throw new InvalidArgumentError('Write it with its unit, as 500ms, 30s, 2m or 1h.');
  return durationMs;
}

/** Parses a duration to milliseconds, or `0`. @throws InvalidArgumentError if it is malformed. */
export function readPause(text: string): number {
  return /^0(?:ms|s|m|h)?$/.test(text) ? 0 : readDuration(text);
}

/** Text header `name=value`. Names of binary headers end in `-bin`. */
const HEADER = /^([0-9a-z_.-]+(?<!-bin))=([ -~]*)$/i;

function readHeader(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = HEADER.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('Write it as name=value, in ASCII; no name ends in "-bin".');
  }
  return { ...previous, [name.toLowerCase()]: value };
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description)
    .default([], 'none')
    .argParser((value, previous: readonly string[]) => [...previous, value]);
}

/** Option of commands that can wait for the operation to end. */
export interface WaitingOptions {
  readonly wait?: true;
}

/** Largest page that servers return (contract 26), for listings with the fewest calls. */
export const LARGEST_PAGE = 1000;

/** Parses `--page-size`. @throws InvalidArgumentError unless it is a positive whole number. */
export function readPageSize(text: string): number {
  const size = Number(text);
  if (!/^\d{1,9}$/.test(text) || size === 0)
    throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return size;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Parses `500ms`, `30s`, `1.5m` or `2h` to milliseconds. Returns undefined if the text is malformed, has no unit, or is
 * shorter than one millisecond.
 */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Math.round(Number(amount) * (UNITS_MS[unit] ?? Number.NaN));
  return durationMs >= 1 && durationMs <= Number.MAX_SAFE_INTEGER ? durationMs : undefined;
}
