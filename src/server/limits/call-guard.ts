import { subscribe } from 'node:diagnostics_channel';
import { constants, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { type Authenticate, authenticated } from '../../core/authenticate.js';
import type { Clock } from '../../core/clock.js';
import { FORWARDED_PEER_HEADER, forwardedPeer } from '../../core/forwarded-peer.js';
import type { MemoryLimits } from '../../core/held-memory.js';
import { type CallShape, GuardedCall } from './guarded-call.js';
import { GuardedConnection } from './guarded-connection.js';

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

/** Sessions that set {@link opened}. */
const announced = new WeakSet<Http2Session>();
/** The stream that a session is emitting, until an interceptor has taken it. */
let opened: OpenedStream | undefined;
const guardedCalls = new WeakMap<ServerHttp2Stream, GuardedCall>();
let answered: ServerHttp2Stream[] = [];
let isSubscribed = false;
/** Whether Node publishes streams. Early versions of Node 22 do not. */
let isPublished = false;
let hasWarned = false;

/**
 * Ends calls whose request does not arrive in time, and those that take too much memory: with requests that have not arrived,
 * or answers that are not taken.
 *
 * grpc-js shows its interceptors no bytes. They come from the stream beneath, whose session Node publishes by
 * `diagnostics_channel`. The session emits the stream right before grpc-js makes a call of it.
 */
export class CallGuard {
  readonly #limits: CallGuardLimits;
  readonly #clock: Clock;
  readonly #authenticate: Authenticate | undefined;
  readonly #connections = new WeakMap<Http2Session, GuardedConnection>();
  readonly #calls = new Set<GuardedCall>();
  #isChecking = false;

  /** @param authenticate - refuses calls by their headers; undefined: all connections are treated alike. */
  constructor(limits: CallGuardLimits, clock: Clock, authenticate?: Authenticate) {
    this.#limits = limits;
    this.#clock = clock;
    this.#authenticate = authenticate;
    subscribeOnce();
  }

  /** An interceptor that guards calls as they are made. */
  readonly interceptor: ServerInterceptor = ({ path, requestStream, responseStream }, call) => {
    const connection = this.#admit({ requestStream, responseStream });
    if (connection === 'refused') return new ServerInterceptingCall(call, { start: () => {} });
    if (this.#authenticate) return authenticated(path, call, this.#authenticate, connection);
    // grpc-js takes any call: a wrapped one would cost each message.
    return call as ReturnType<ServerInterceptor>;
  };

  /** Guards the call that is being made, and returns its connection; 'refused': the call has been ended. */
  #admit(shape: CallShape): GuardedConnection | 'refused' | undefined {
    const taken = opened;
    opened = undefined;
    if (!taken) {
      if (!isPublished) warnOnce();
      return undefined;
    }
    if (isInProcess(taken.headers)) return undefined;
    const { stream, headers } = taken;
    const connection = this.#connectionOf(stream.session);
    if (!connection) return undefined;
    if (!connection.takesCall()) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return 'refused';
    }
    const now = this.#clock.now();
    const call = new GuardedCall(connection.memory, stream, headers, shape, this.#limits.arrivalMs, now);
    guardedCalls.set(stream, call);
    this.#calls.add(call);
    stream.on('close', () => {
      this.#calls.delete(call);
      call.closed();
    });
    if (!this.#isChecking) this.#checkLater();
    return connection;
  }

  #connectionOf(session: Http2Session | undefined): GuardedConnection | undefined {
    if (!session) return undefined;
    const existing = this.#connections.get(session);
    if (existing) return existing;
    const connection = new GuardedConnection(session, this.#limits, !this.#authenticate);
    this.#connections.set(session, connection);
    return connection;
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

/** Whether the call comes from a gateway of this process: its peer, and its memory, are the gateway's. */
function isInProcess(headers: IncomingHttpHeaders): boolean {
  const token = headers[FORWARDED_PEER_HEADER];
  return token !== undefined && forwardedPeer(String(token)) !== undefined;
}

function warnOnce(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    `Node ${process.versions.node} does not publish HTTP/2 streams, so calls have no bounds of time and memory: use a later Node 22, or Node 24`,
    { code: 'LONGRUNNING_NO_CALL_BOUNDS' },
  );
}

function subscribeOnce(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  subscribe('http2.server.stream.created', (message) => {
    isPublished = true;
    const { session } = (message as OpenedStream).stream;
    if (!session || announced.has(session)) return;
    announced.add(session);
    // Node creates all streams that it reads at once before it emits the first of them.
    session.prependListener('stream', (stream, headers) => {
      opened = { stream, headers };
    });
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
