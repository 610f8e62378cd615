/** Where the server reports what no client is told. A pino logger is one. */
export interface Logger {
  /** `facts.err` is the cause. */
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Writes to standard error. */
export const consoleLogger: Logger = {
  error: (facts, message) => console.error(`longrunning: ${message}`, facts),
};
