import { systemClock, timeLeftMs } from '../../core/clock.js';
import type { CallOptions } from '../../core/operations-api.js';
import { link, within } from '../../core/signals.js';
import { Code, kitError } from '../../core/status.js';
import { callDeadline } from './call-deadline.js';
import { callHeaders } from './call-headers.js';
import type { Connection, UnaryMethod } from './connection.js';
import { authorization, type TokenSource } from './credentials.js';

/** Settings that all calls of a client have in common. */
export interface CallerOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly token?: TokenSource | undefined;
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal;
}

/** Makes calls as the client's options and those of the call have it. */
export class Caller {
  readonly #options: CallerOptions;

  /** @throws StatusError INVALID_ARGUMENT when a header cannot be sent. */
  constructor(options: CallerOptions) {
    callHeaders('', options.headers);
    this.#options = options;
  }

  /** @throws StatusError; `signal.reason` on abort. */
  async call<Request extends { name: string }, Response>(
    connection: Connection,
    method: UnaryMethod<Request, Response>,
    request: Request,
    { timeoutMs, signal, headers }: CallOptions = {},
  ): Promise<Response> {
    const { token, headers: common } = this.#options;
    const deadline = callDeadline(timeoutMs);
    const identity = token === undefined ? undefined : await this.#identity(token, deadline, signal);
    const metadata = callHeaders(request.name, identity, common, headers);
    return connection.call(method, request, { metadata, deadline, signal });
  }

  async #identity(
    token: TokenSource,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<Readonly<Record<string, string>>> {
    const timeoutMs = timeLeftMs(deadline);
    const linked = link(signal, this.#options.closed);
    try {
      // Deadlines of calls go by the machine's clock, as grpc-js has it.
      return await within({ timeoutMs, signal: linked.signal }, noToken, systemClock, (limited) =>
        authorization(token, limited),
      );
    } finally {
      linked[Symbol.dispose]();
    }
  }
}

function noToken(timeoutMs: number): unknown {
  const message = `no token came within ${timeoutMs} ms: look into what gives it, or allow for more time`;
  return kitError(Code.DEADLINE_EXCEEDED, 'TOKEN_TIMED_OUT', message);
}
