import { Command, InvalidArgumentError, Option } from 'commander';
import type { TokenOptions } from '../connection/token-source.js';
import { UsageError } from '../output/failure.js';

/** Where a server is found unless `--address` or LONGRUNNING_ADDRESS says otherwise. */
export const DEFAULT_ADDRESS = 'localhost:50051';

/** Which protos to read, and where to look for what they import. */
export interface ProtoOptions {
  readonly proto: readonly string[];
  readonly include: readonly string[];
}

/** The types that a command reads and writes by. */
export interface TypeOptions extends ProtoOptions {
  /** Files of descriptor sets. */
  readonly descriptors: readonly string[];
}

/** How to reach a server, and as whom. */
export interface ConnectingOptions extends TokenOptions {
  readonly address: string;
  /** Set: no TLS, wherever the server is. */
  readonly insecure?: true;
  /** Set: with Google's Application Default Credentials. */
  readonly google?: true;
  /** Files in PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** By their names, in lower case. */
  readonly header: Readonly<Record<string, string>>;
}

/** The options of every command that calls a server. */
export interface CallingOptions extends ConnectingOptions, TypeOptions {
  readonly json?: true;
  /** How long the command may take, in milliseconds. */
  readonly timeout?: number;
}

/** A command that calls a server, with the options that all such commands have. */
export function callingCommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .option('--json', 'print ProtoJSON, and nothing else, on standard output')
    .addOption(
      new Option('--timeout <duration>', 'give up after that long: 500ms, 30s, 2m').argParser(readDuration),
    );
  withProtoOptions(
    command,
    'proto that defines what metadata and responses hold (repeatable; default: as the server tells by reflection)',
  ).addOption(
    repeatable(
      '--descriptors <file>',
      'descriptor set, as of buf build -o, in place of protos or beside them (repeatable)',
    ),
  );
  for (const option of connectingOptions()) command.addOption(option.helpGroup(CONNECTION));
  return command;
}

const CONNECTION = 'Connection (before the command, too):';

/** The options of every connection, new ones each time. */
export function connectingOptions(): Option[] {
  return [
    addressOption('where the server is'),
    new Option('--insecure', 'use no TLS; this machine is spoken to without it anyway'),
    new Option('--token <token>', 'bearer token; never sent in plain text, but on this machine').env(
      'LONGRUNNING_TOKEN',
    ),
    new Option('--token-file <file>', 'file with the bearer token, read again for every call'),
    new Option('--token-command <command>', 'shell command that prints the bearer token, run once a minute'),
    new Option('--header <name=value>', 'header to send with every call (repeatable)')
      .default({}, 'none')
      .argParser(readHeader),
    new Option('--ca <file>', 'certificates of whom to trust, in PEM; with this, TLS to this machine, too'),
    new Option('--cert <file>', 'own certificate, in PEM, for servers that ask for one'),
    new Option('--key <file>', 'private key of --cert, in PEM'),
    new Option(
      '--profile <file>',
      'settings in YAML (default: longrunning/profile.yaml in $XDG_CONFIG_HOME or ~/.config)',
    ).env('LONGRUNNING_PROFILE'),
  ];
}

/** `--google`, of the commands that call `google.longrunning.Operations` alone. */
export function googleOption(): Option {
  return new Option(
    '--google',
    "with Google's Application Default Credentials, to the API at --address",
  ).conflicts('insecure');
}

/** A command that calls `google.longrunning.Operations`, of any server or of Google's. */
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

/** `--address`, here or in the environment. */
export function addressOption(description: string): Option {
  return new Option('--address <host:port>', description).default(DEFAULT_ADDRESS).env('LONGRUNNING_ADDRESS');
}

/** @throws InvalidArgumentError when it is none. */
export function readDuration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) throw new InvalidArgumentError('Write it as 500ms, 30s, 2m or 1h.');
  return durationMs;
}

/** What HTTP/2 carries as text: binary headers end in `-bin`. */
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

/** The option of commands that can wait for the operation to end. */
export interface WaitingOptions {
  readonly wait?: true;
}

/** The largest page that servers give (CONTRACT 26): all there is with the fewest calls. */
export const LARGEST_PAGE = 1000;

/** @throws InvalidArgumentError when it is no whole number from 1. */
export function readPageSize(text: string): number {
  const size = Number(text);
  if (!/^\d{1,9}$/.test(text) || size === 0)
    throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return size;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads `500ms`, `30s`, `1.5m`, `2h` or plain seconds, `30`, as milliseconds, at least one; undefined when it
 * is none of these.
 */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const durationMs = Math.round(Number(amount) * (UNITS_MS[unit] ?? Number.NaN));
  return durationMs >= 1 && durationMs <= Number.MAX_SAFE_INTEGER ? durationMs : undefined;
}
