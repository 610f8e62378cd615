import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GatewayLimits } from '../../gateway/index.js';

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
  readonly arrivalMs?: number;
  readonly maxConnectionBytes?: number;
  readonly maxProcessBytes?: number;
}

/** Limits of both protocols. */
export type TransportLimits = Pick<GatewayLimits, 'arrivalMs' | 'connectionBytes' | 'processBytes'>;

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
    ['--arrival-ms <milliseconds>', 'time for a request to arrive (30000 by default); slower ones are ended'],
    [
      '--max-connection-bytes <bytes>',
      'memory for unfinished requests and answers of a connection (64 MiB by default)',
    ],
    ['--max-process-bytes <bytes>', 'the same memory for all connections together (256 MiB by default)'],
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

/** Limits of what is under way on connections, as `grpcLimits` and `createGateway` take them. */
export function transportLimits({
  arrivalMs,
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
