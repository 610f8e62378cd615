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
/** Calls and bytes of answers in one turn of the event loop that may wait for its end before they count. */
const UNCOUNTED = { calls: 128, bytes: 2 ** 20 };

/** Sessions that set {@link opened}. */
const announced = new WeakSet<Http2Session>();
/** The stream that a session is emitting, until an interceptor has taken it. */
let opened: OpenedStream | undefined;
/** Unary calls of known connections that began in this turn of the event loop. Most have arrived by its end. */
let fresh: OpenedStream[] = [];
/** The guards of sessions. */
const guards = new WeakMap<
  Http2Session,
  { readonly guard: CallGuard; readonly connection: GuardedConnection }
>();
/** Streams whose answer has begun, until its first message has been written. */
let begun: ServerHttp2Stream[] = [];
/** Streams whose answer was written in this turn of the event loop. Most are taken by its end. */
let written: ServerHttp2Stream[] = [];
let writtenBytes = 0;
let isSubscribed = false;
/** True if Node publishes streams, which early versions of Node 22 do not. */
let isPublished = false;
let hasWarned = false;

/**
 * Ends calls whose request does not arrive in time, and those that take too much memory: with requests that have not arrived,
 * or answers that are not taken.
 *
 * grpc-js shows its interceptors no bytes. They come from the stream beneath, whose session Node publishes by
 * `diagnostics_channel`. The session emits the stream right before grpc-js makes a call of it.
 *
 * Most unary calls arrive in the turn of the event loop in which they begin, and their answers leave in the turn in which they are
 * written. No {@link GuardedCall} is made for those if the connection is known: it would cost a quarter of the whole call.
 */
export class CallGuard {
  readonly #limits: CallGuardLimits;
  readonly #clock: Clock;
  readonly #authenticate: Authenticate | undefined;
  readonly #calls = new Map<ServerHttp2Stream, GuardedCall>();
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
    const isUnary = !shape.requestStream && !shape.responseStream;
    if (isUnary && connection.isKnown) countLater(taken);
    else this.#guard(stream, connection, shape).awaitRequest(headers);
    return connection;
  }

  /** Counts a request that has not arrived at the end of the turn in which its unary call began. */
  countRequest(stream: ServerHttp2Stream, connection: GuardedConnection, headers: IncomingHttpHeaders): void {
    const call = this.#guard(stream, connection, UNARY);
    call.awaitRequest(headers);
    if (stream.headersSent) call.answered();
  }

  /** Takes note of an answer that has been written, and returns how much of it is left to be taken. */
  answered(stream: ServerHttp2Stream): number {
    const call = this.#calls.get(stream);
    if (!call) return stream.writableLength;
    call.answered();
    return 0;
  }

  /** Counts what is left of an answer at the end of the turn in which it was written. */
  countAnswer(stream: ServerHttp2Stream, connection: GuardedConnection): void {
    if (this.#calls.has(stream)) return;
    this.#guard(stream, connection, UNARY).answered();
  }

  #guard(stream: ServerHttp2Stream, { memory }: GuardedConnection, shape: CallShape): GuardedCall {
    const call = new GuardedCall(memory, stream, shape, this.#limits.arrivalMs, this.#clock);
    this.#calls.set(stream, call);
    stream.on('close', () => {
      this.#calls.delete(stream);
      call.closed();
    });
    if (!this.#isChecking) this.#checkLater();
    return call;
  }

  #connectionOf(session: Http2Session | undefined): GuardedConnection | undefined {
    if (!session) return undefined;
    const existing = guards.get(session);
    if (existing) return existing.connection;
    const connection = new GuardedConnection(session, this.#limits, !this.#authenticate);
    guards.set(session, { guard: this, connection });
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
    for (const call of this.#calls.values()) call.check(now);
    if (this.#calls.size > 0) this.#checkLater();
  }
}

const UNARY: CallShape = { requestStream: false, responseStream: false };

/** Reports whether the whole request has been read. */
function hasArrived(stream: ServerHttp2Stream): boolean {
  // The state costs a call into nghttp2.
  return stream.readableEnded || stream.state.remoteClose === 1;
}

function countLater(taken: OpenedStream): void {
  const calls = fresh.push(taken);
  if (calls === 1) setImmediate(countFresh);
  else if (calls >= UNCOUNTED.calls) countFresh();
}

function countFresh(): void {
  const taken = fresh;
  fresh = [];
  for (const { stream, headers } of taken) {
    if (stream.closed || hasArrived(stream)) continue;
    const guarded = guardOf(stream);
    guarded?.guard.countRequest(stream, guarded.connection, headers);
  }
}

/** Reports whether a gateway of this process makes the call. Its peer and its memory are then those of the gateway. */
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
    if (begun.push(stream) === 1) process.nextTick(answersWritten);
  });
}

function answersWritten(): void {
  const streams = begun;
  begun = [];
  for (const stream of streams) {
    const bytes = guardOf(stream)?.guard.answered(stream) ?? 0;
    if (bytes === 0) continue;
    writtenBytes += bytes;
    if (written.push(stream) === 1) setImmediate(countWritten);
  }
  if (writtenBytes > UNCOUNTED.bytes) countWritten();
}

function countWritten(): void {
  // An answer may come before its request has arrived.
  countFresh();
  const streams = written;
  written = [];
  writtenBytes = 0;
  for (const stream of streams) {
    if (stream.closed || stream.writableLength === 0) continue;
    const guarded = guardOf(stream);
    guarded?.guard.countAnswer(stream, guarded.connection);
  }
}

function guardOf({ session }: ServerHttp2Stream) {
  return session && guards.get(session);
}
