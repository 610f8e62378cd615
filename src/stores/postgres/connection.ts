// The part of the package `pg` that the store uses, so that its declarations do not need those of pg.

/** What a statement gave. */
export interface PostgresResult {
  // biome-ignore lint/suspicious/noExplicitAny: the columns are the statement's business, as they are in pg.
  readonly rows: any[];
  readonly rowCount: number | null;
}

/** Runs statements. */
export interface PostgresQueries {
  /** Runs one, with `$1` and so on standing for `values`. */
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}

/** A message that arrived by LISTEN. */
export interface PostgresNotification {
  readonly payload?: string | undefined;
}

/** One connection, taken out of a pool. */
export interface PostgresClient extends PostgresQueries {
  /** Gives the connection back to its pool; with an error or true, for it to be closed. */
  release(destroy?: Error | boolean): void;
  /** Hears of the connection breaking. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Hears of messages that arrive by LISTEN. */
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown;
  /** Hears of the connection having ended. */
  on(event: 'end', listener: () => void): unknown;
  /** Hears of it no longer. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** A pool of connections: a `Pool` of the package `pg` is one. */
export interface PostgresPool extends PostgresQueries {
  readonly options?: {
    /** How many connections it has at most. */
    readonly max?: number | undefined;
  };
  /** Takes a connection out, until it is released. */
  connect(): Promise<PostgresClient>;
  /** Closes every connection. */
  end(): Promise<void>;
  /** Hears of idle connections breaking. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Hears of it no longer. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}
