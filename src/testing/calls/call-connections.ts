/** Connection of a call. */
export interface CallConnection {
  /** Breaks the connection. */
  drop(): void;
  /** Announces the end of the connection and closes it once current calls have been answered. */
  goAway(): void;
}

/** Open connections, by the key that their calls have. */
export class CallConnections {
  readonly #connections = new Map<string, CallConnection>();

  add(key: string, connection: CallConnection): void {
    this.#connections.set(key, connection);
  }

  remove(key: string): void {
    this.#connections.delete(key);
  }

  get(key: string): CallConnection | undefined {
    return this.#connections.get(key);
  }
}
