import { type Command, InvalidArgumentError, Option } from 'commander';

/** Where operations are kept, and what becomes of them when the server is stopped. */
export interface RunningOptions {
  readonly store: string;
  readonly storeListen?: string;
  readonly graceMs: number;
  readonly drainDelayMs: number;
}

const DEFAULT_GRACE_MS = 3000;

/** Adds `--store`, `--store-listen`, `--grace-ms` and `--drain-delay-ms`. */
export function withRunningOptions(command: Command): Command {
  return command
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
      new Option('--grace-ms <milliseconds>', 'how long running work has to end when the server is stopped')
        .default(DEFAULT_GRACE_MS)
        .argParser(parseMilliseconds),
    )
    .addOption(
      new Option(
        '--drain-delay-ms <milliseconds>',
        'how long to go on as before when the server is stopped, while its health says NOT_SERVING already',
      )
        .default(0)
        .argParser(parseMilliseconds),
    );
}

function parseMilliseconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number of milliseconds.');
  return Number(text);
}
