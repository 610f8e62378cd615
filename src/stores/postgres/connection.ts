// The part of the package `pg` that the store uses. Published declarations therefore do not depend on those of pg.

/** Result of a statement. */
export interface PostgresResult {
  // biome-ignore lint/suspicious/noExplicitAny: the columns depend on the statement, as in pg.
  readonly rows: any[];
  readonly rowCount: number | null;
}

/** Runs statements. */
export interface PostgresQueries {
  /** Runs a statement, with `values` for `$1`, `$2` and so on. */
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}

/** Message received through LISTEN. */
export interface PostgresNotification {
  readonly payload?: string | undefined;
}

/** Connection checked out from a pool. */
export interface PostgresClient extends PostgresQueries {
  /** Returns the connection to its pool or, with an error or true, closes it. */
  release(destroy?: Error | boolean): void;
  /** Notified when the connection breaks. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Notified of messages received through LISTEN. */
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown;
  /** Notified when the connection ends. */
  on(event: 'end', listener: () => void): unknown;
  /** Removes a listener. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** Pool of connections, such as a `Pool` of the package `pg`. */
export interface PostgresPool extends PostgresQueries {
  readonly options?: {
    /** Maximum number of connections. */
    readonly max?: number | undefined;
  };
  /** Checks out a connection, until it is released. */
  connect(): Promise<PostgresClient>;
  /** Closes every connection. */
  end(): Promise<void>;
  /** Notified when an idle connection breaks. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Removes a listener. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}
