import { type Command, InvalidArgumentError, Option } from 'commander';

/** Where operations are kept, and what becomes of them when the server is stopped. */
export interface RunningOptions {
  readonly store: string;
  readonly graceMs: number;
}

const DEFAULT_GRACE_MS = 3000;

/** Adds `--store` and `--grace-ms`. */
export function withRunningOptions(command: Command): Command {
  return command
    .option(
      '--store <store>',
      'where operations are kept: memory, sqlite:FILE, or postgres://HOST/DATABASE',
      'memory',
    )
    .addOption(
      new Option('--grace-ms <milliseconds>', 'how long running work has to end when the server is stopped')
        .default(DEFAULT_GRACE_MS)
        .argParser(parseMilliseconds),
    );
}

function parseMilliseconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number of milliseconds.');
  return Number(text);
}
