// The part of the package `pg` that the store uses, so that its declarations do not need those of pg.

/** What a statement gave. */
export interface PostgresResult {
  // biome-ignore lint/suspicious/noExplicitAny: the columns are the statement's business, as they are in pg.
  readonly rows: any[];
  readonly rowCount: number | null;
}

/** Runs statements. */
export interface PostgresQueries {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}

/** A message that arrived by LISTEN. */
export interface PostgresNotification {
  readonly payload?: string | undefined;
}

/** One connection, taken out of a pool. */
export interface PostgresClient extends PostgresQueries {
  release(destroy?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** A pool of connections: a `Pool` of the package `pg` is one. */
export interface PostgresPool extends PostgresQueries {
  connect(): Promise<PostgresClient>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}
