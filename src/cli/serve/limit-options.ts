import { type Command, InvalidArgumentError, Option } from 'commander';

/** How much is taken on, of everybody and of each caller. */
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
}

/** Adds an option for each of them. */
export function withLimitOptions(command: Command): Command {
  const limits = [
    ['--max-running <count>', 'operations that run at once; more queue'],
    ['--max-unfinished <count>', 'operations that run or queue; more are refused'],
    ['--max-calls-per-caller <count>', 'calls of one caller at once; more are refused'],
    ['--max-waits-per-caller <count>', 'waits of one caller at once; more are refused'],
    ['--rate-per-second <count>', 'calls of one caller in a second; more are refused'],
    ['--refusals-per-second <count>', 'refused calls from one address in a second; then all are, unasked'],
    ['--max-connections <count>', 'connections at once at each address listened on; more are closed'],
    ['--max-page-bytes <bytes>', 'encoded size of a page of List (3 MiB by default), or one operation'],
    ['--max-result-bytes <bytes>', 'encoded size of a response, an error or metadata (3 MiB by default)'],
  ] as const;
  for (const [flags, description] of limits) {
    command.addOption(
      new Option(flags, description).argParser(parseCount).helpGroup('Limits (none unless stated):'),
    );
  }
  return command;
}

/** What the options say to `createOperations`. */
export function takenOn({
  maxRunning: concurrency,
  maxUnfinished,
  maxCallsPerCaller,
  maxWaitsPerCaller,
  ratePerSecond,
  refusalsPerSecond,
  maxPageBytes,
  maxResultBytes,
}: LimitOptions) {
  const ofCaller = { maxCallsPerCaller, maxWaitsPerCaller, ratePerSecond, refusalsPerSecond };
  return { concurrency, maxUnfinished, maxPageBytes, maxResultBytes, ...ofCaller };
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return Number(text);
}
