import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from './duration.js';

/** Where a server is found unless `--address` or LONGRUNNING_ADDRESS says otherwise. */
export const DEFAULT_ADDRESS = 'localhost:50051';

/** Which protos to read, and where to look for what they import. */
export interface ProtoOptions {
  readonly proto: readonly string[];
  readonly include: readonly string[];
}

/** The options of every command that calls a server. */
export interface CallingOptions extends ProtoOptions {
  readonly address: string;
  /** Set: no TLS, wherever the server is. */
  readonly insecure?: true;
  readonly json?: true;
  /** How long the command may take, in milliseconds. */
  readonly timeout?: number;
}

/** A command that calls a server, with the options that all such commands have. */
export function callingCommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .addOption(addressOption('where the server is'))
    .option('--insecure', 'use no TLS; this machine is spoken to without it anyway')
    .option('--json', 'print ProtoJSON, and nothing else, on standard output')
    .addOption(
      new Option('--timeout <duration>', 'give up after that long: 500ms, 30s, 2m').argParser(readTimeout),
    );
  return withProtoOptions(command, 'proto that defines what metadata and responses hold (repeatable)');
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

function readTimeout(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) throw new InvalidArgumentError('Write it as 500ms, 30s, 2m or 1h.');
  return durationMs;
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
