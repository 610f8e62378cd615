import { subscribe } from 'node:diagnostics_channel';
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { ConnectionMemory, type MemoryLimits } from '../../held-memory.js';
import { INTRODUCTION_HEADER, introducedPeer } from '../../introduction.js';
import { type CallShape, GuardedCall } from './guarded-call.js';

/** Upper bounds on the calls of a server. */
export interface CallGuardLimits extends MemoryLimits {
  readonly arrivalMs: number;
}

interface OpenedStream {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
}

/** The time between two looks at calls that are open. */
const CHECK_EVERY_MS = 500;

/** The stream that Node hands to an HTTP/2 server at the moment, until an interceptor has taken it. */
let opened: OpenedStream | undefined;
const guardedCalls = new WeakMap<ServerHttp2Stream, GuardedCall>();
let answered: ServerHttp2Stream[] = [];
let isSubscribed = false;

/**
 * Ends calls whose request does not arrive in time, and those that take too much memory: with requests that have not arrived,
 * or answers that are not taken.
 *
 * grpc-js shows its interceptors no bytes. They come from the stream beneath, which Node publishes by `diagnostics_channel`
 * right before grpc-js makes the call of it. A Node that does not (before 24.3) has no bounds but grpc-js's own.
 */
export class CallGuard {
  readonly #limits: CallGuardLimits;
  readonly #clock: Clock;
  readonly #connections = new WeakMap<Http2Session, ConnectionMemory>();
  readonly #calls = new Set<GuardedCall>();
  #isChecking = false;

  constructor(limits: CallGuardLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    subscribeOnce();
  }

  /** Guards the call that is being made: to be called by an interceptor as it gets the call. */
  admit(shape: CallShape): void {
    const taken = opened;
    opened = undefined;
    if (!taken || isInProcess(taken.headers)) return;
    const { stream, headers } = taken;
    const memory = this.#memoryOf(stream.session);
    if (!memory) return;
    const now = this.#clock.now();
    const call = new GuardedCall(memory, stream, headers, shape, this.#limits.arrivalMs, now);
    guardedCalls.set(stream, call);
    this.#calls.add(call);
    stream.on('close', () => {
      this.#calls.delete(call);
      call.closed();
    });
    if (!this.#isChecking) this.#checkLater();
  }

  #memoryOf(session: Http2Session | undefined): ConnectionMemory | undefined {
    if (!session) return undefined;
    const known = this.#connections.get(session);
    if (known) return known;
    const memory = new ConnectionMemory(this.#limits, () => session.destroy());
    session.once('close', () => memory.close());
    this.#connections.set(session, memory);
    return memory;
  }

  #checkLater(): void {
    this.#isChecking = true;
    const everyMs = Math.min(CHECK_EVERY_MS, this.#limits.arrivalMs);
    this.#clock.setTimer(() => this.#check(), everyMs, { background: true });
  }

  #check(): void {
    this.#isChecking = false;
    const now = this.#clock.now();
    for (const call of this.#calls) call.check(now);
    if (this.#calls.size > 0) this.#checkLater();
  }
}

/** An interceptor that looks at calls as they are made, and leaves them as they are. */
export function guardInterceptor(guard: CallGuard): ServerInterceptor {
  return ({ requestStream, responseStream }, call) => {
    guard.admit({ requestStream, responseStream });
    // grpc-js takes any call: a wrapped one would cost each message.
    return call as ReturnType<ServerInterceptor>;
  };
}

/** Whether the call comes from a gateway of this process: its peer, and its memory, are the gateway's. */
function isInProcess(headers: IncomingHttpHeaders): boolean {
  const token = headers[INTRODUCTION_HEADER];
  return token !== undefined && introducedPeer(String(token)) !== undefined;
}

function subscribeOnce(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http2.server.stream.created', (message) => {
    opened = message as OpenedStream;
  });
  subscribe('http2.server.stream.finish', (message) => {
    const { stream } = message as OpenedStream;
    if (answered.push(stream) === 1) process.nextTick(checkAnswered);
  });
}

function checkAnswered(): void {
  const streams = answered;
  answered = [];
  for (const stream of streams) guardedCalls.get(stream)?.answered();
}
