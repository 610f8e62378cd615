import { type Command, Option } from 'commander';

/** Where metrics are read, and how much is logged. */
export interface ObservingOptions {
  /** `host:port`; true: where Prometheus looks for it. */
  readonly metrics?: string | true;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** How much is logged: what is as bad as that, or worse. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_METRICS_ADDRESS = 'localhost:9464';

/** Adds `--metrics` and `--log-level`. */
export function withObservingOptions(command: Command): Command {
  return command
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

/** Undefined: nowhere. */
export function metricsAddress({ metrics }: ObservingOptions): string | undefined {
  return metrics === true ? DEFAULT_METRICS_ADDRESS : metrics;
}
