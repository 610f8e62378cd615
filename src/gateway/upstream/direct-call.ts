import { EventEmitter } from 'node:events';
import { type handleUnaryCall, Metadata, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { asBuffer } from '../../core/any.js';
import { systemClock, timeLeftMs } from '../../core/clock.js';
import { sendableError } from '../../core/grpc-status.js';
import { onAbort } from '../../core/signals.js';
import { Code, StatusError } from '../../core/status.js';
import { serverError, type UpstreamAnswer, type UpstreamCall } from './upstream.js';

type ServerAnswer = Parameters<sendUnaryData<unknown>>;
type MetricsRecorder = ReturnType<ServerUnaryCall<unknown, unknown>['getMetricsRecorder']>;

/** Discards recorded metrics. grpc-js sends none of them unless an option enables it. */
const UNSENT_METRICS = new Proxy({}, { get: () => () => {} }) as MetricsRecorder;

/** Unary method of a service in this process. */
export interface UnaryMethod {
  readonly handle: handleUnaryCall<unknown, unknown>;
  readonly deserialize: (bytes: Buffer) => unknown;
  readonly serialize: (message: unknown) => Buffer;
}

/** Call of a grpc-js handler without a connection. */
export class DirectCall extends EventEmitter implements ServerUnaryCall<unknown, unknown> {
  readonly metadata: Metadata;
  request: unknown;
  readonly #path: string;
  readonly #options: UpstreamCall;
  readonly #answered = Promise.withResolvers<UpstreamAnswer>();
  #headers: Metadata | undefined;
  #isOver = false;
  #isWatching = false;
  #stop = () => {};

  /** Calls a method. Never rejects. */
  static make(
    method: UnaryMethod,
    path: string,
    request: Uint8Array,
    options: UpstreamCall,
  ): Promise<UpstreamAnswer> {
    const call = new DirectCall(path, options);
    call.#start(method, request);
    return call.#answered.promise;
  }

  private constructor(path: string, options: UpstreamCall) {
    super();
    this.#path = path;
    this.#options = options;
    this.metadata = options.metadata;
  }

  // Created lazily, because most handlers never read it.
  get cancelled(): boolean {
    return this.#isOver || this.#options.signal.aborted;
  }

  override on(event: string | symbol, listener: (...args: unknown[]) => void): this {
    super.on(event, listener);
    if (event === 'cancelled') this.#watch();
    return this;
  }

  override addListener(event: string | symbol, listener: (...args: unknown[]) => void): this {
    return this.on(event, listener);
  }

  getPeer(): string {
    return this.#options.peer ?? 'unknown';
  }

  sendMetadata(metadata: Metadata): void {
    this.#headers ??= metadata.clone();
  }

  getDeadline(): number {
    return this.#options.deadline;
  }

  getPath(): string {
    return this.#path;
  }

  getHost(): string {
    return 'in-process';
  }

  getAuthContext(): Record<string, never> {
    return {};
  }

  getMetricsRecorder(): MetricsRecorder {
    return UNSENT_METRICS;
  }

  #start(method: UnaryMethod, request: Uint8Array): void {
    const timeoutMs = timeLeftMs(this.#options.deadline);
    if (timeoutMs !== undefined) {
      const pass = () => this.#fail(new StatusError(Code.DEADLINE_EXCEEDED, 'Deadline exceeded'));
      this.#stop = systemClock.setTimer(pass, timeoutMs);
    }
    try {
      this.request = method.deserialize(asBuffer(request));
    } catch {
      this.#fail(new StatusError(Code.INTERNAL, 'Error deserializing request'));
      return;
    }
    try {
      method.handle(this, (...answer) => this.#answer(method, answer));
    } catch {
      this.#fail(new StatusError(Code.UNKNOWN, 'Unknown error'));
    }
  }

  #answer(method: UnaryMethod, [error, value, trailers]: ServerAnswer): void {
    if (error) {
      const { code = Code.UNKNOWN, details = '', metadata } = sendableError(error);
      const received = trailers ?? metadata;
      this.#fail(serverError(code, details, received ?? new Metadata()), received);
      return;
    }
    let bytes: Buffer;
    try {
      bytes = method.serialize(value);
    } catch {
      this.#fail(new StatusError(Code.INTERNAL, 'Error serializing response'));
      return;
    }
    this.#settle({ kind: 'response', bytes, metadata: this.#withHeaders(trailers) });
  }

  #fail(error: StatusError, trailers?: Metadata): void {
    this.#settle({ kind: 'error', error, metadata: this.#withHeaders(trailers) });
  }

  /**
   * Ends the call and ignores later answers. grpc-js marks every finished call as cancelled, and some handlers
   * clean up on that.
   */
  #settle(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop();
    this.#answered.resolve(answer);
    if (this.listenerCount('cancelled') > 0) process.nextTick(() => this.emit('cancelled', 'cancelled'));
  }

  #watch(): void {
    if (this.#isWatching || this.#isOver) return;
    this.#isWatching = true;
    const stopTimer = this.#stop;
    const stopListening = onAbort(this.#options.signal, () =>
      this.#fail(new StatusError(Code.CANCELLED, 'nobody waits for the answer any more')),
    );
    this.#stop = () => {
      stopTimer();
      stopListening();
    };
  }

  #withHeaders(trailers: Metadata | undefined): Metadata {
    const metadata = this.#headers ?? new Metadata();
    if (trailers) metadata.merge(trailers);
    return metadata;
  }
}
