import { type SafeLogger, type SuppliedLogger, safeLogger } from '../safe-logger.js';

/** Where a gateway or a port reports what no client is told. A pino logger is one. */
export interface Logger {
  /** `facts.err` is the cause. */
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Wraps the logger that a gateway or a port was given, if any, so that no call of it fails. */
export function gatewayLogger(supplied?: SuppliedLogger | null): SafeLogger {
  return safeLogger(supplied, 'longrunning gateway');
}
