import type { JsonObject } from '@bufbuild/protobuf';
import type { sendUnaryData } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import { contain } from '../../core/contain.js';
import { toServerError } from '../../core/grpc-status.js';
import { Code, StatusError } from '../../core/status.js';
import type { StubbedOperations } from '../faking/stubbed-operations.js';
import type { AnswerHistory } from '../faults/answer-history.js';
import type { FaultEffect, ParsedFault } from '../faults/fault.js';
import type { FaultPlan } from '../faults/fault-plan.js';
import { brokenAny, isOperationType, replaceAnys, unknownAny } from '../faults/junk-any.js';
import type { CallLog, EndCall, RecordedCall } from './call-log.js';
import type { CalledMethod } from './called-method.js';
import type { CallConnections } from './connections.js';

/** Dependencies for recording and fault injection. */
export interface ExchangeParts {
  /** Finds the method at a path. Calls of other methods pass unchanged. */
  readonly methodAt: (path: string) => CalledMethod | undefined;
  readonly log: CallLog;
  readonly faults: FaultPlan;
  readonly history: AnswerHistory;
  /** Returns true if answers must be recorded in {@link history}. */
  readonly remembersAnswers: () => boolean;
  readonly connections: CallConnections;
  readonly held: StubbedOperations;
  readonly clock: Clock;
}

/** Call as it arrived. */
export interface IncomingCall extends Pick<RecordedCall, 'over' | 'headers'> {
  /** Key of its connection. */
  readonly connection: string;
  readonly serialize: (answer: unknown) => Buffer;
  readonly send: sendUnaryData<unknown>;
}

/** Request and response between the transport and the handler. */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #method: CalledMethod;
  readonly #incoming: IncomingCall;
  #fault: ParsedFault | undefined;
  #request: JsonObject = {};
  #endCall: EndCall = () => {};
  #stopTimer: () => void = () => {};

  constructor(parts: ExchangeParts, method: CalledMethod, incoming: IncomingCall) {
    this.#parts = parts;
    this.#method = method;
    this.#incoming = incoming;
  }

  /** @param pass - passes the request on to the handler. */
  begin(request: unknown, pass: (request: unknown) => void): void {
    const { faults, log, clock } = this.#parts;
    const { over, headers } = this.#incoming;
    const json = this.#method.requestJson(request);
    const names = [json.name, json.parent].filter((name) => typeof name === 'string');
    const method = this.#method.name;
    const fault = faults.take({ method, names });
    this.#fault = fault;
    this.#request = json;
    const met = fault && kindOf(fault);
    this.#endCall = log.begin({ method, request: json, headers, over, ...(met && { fault: met }) });
    const go = () => this.#meet(request, (passed) => this.#handle(passed, pass));
    if (fault && fault.delayMs > 0) {
      const goContained = () => contain(go, (error) => this.fail(error));
      this.#stopTimer = clock.setTimer(goContained, fault.delayMs);
    } else go();
  }

  /** Ends the call with an unexpected error. */
  fail(error: unknown): void {
    this.#refuse(StatusError.from(error));
  }

  /** Sends the answer of the handler, altered by the fault. */
  answer(...[error, message, ...rest]: Parameters<sendUnaryData<unknown>>): void {
    if (error) {
      const text = 'message' in error ? error.message : '';
      this.end(error.code ?? Code.UNKNOWN, error.details ?? text);
      this.#incoming.send(error, message, ...rest);
      return;
    }
    const sent = this.#answerTo(message);
    this.end(0, '');
    this.#incoming.send(null, sent, ...rest);
  }

  /** Returns the response to send in place of the handler's; the handler's own if it cannot be encoded. */
  #answerTo(message: unknown): unknown {
    try {
      return this.#remembered(message);
    } catch {
      // The transport reports the encoding error when it sends the message.
      return message;
    }
  }

  #remembered(message: unknown): unknown {
    const { history, remembersAnswers } = this.#parts;
    const altered = this.#altered(message);
    if (altered === message && remembersAnswers()) {
      history.note(this.#question(message), message, this.#incoming.serialize(message));
    }
    return altered;
  }

  end(code: number, message: string): void {
    this.#stopTimer();
    this.#endCall(code, message);
  }

  /** Ends the call because the caller cancelled it, unless it has ended. */
  giveUp(): void {
    this.end(Code.CANCELLED, 'the caller cancelled the call, or its deadline passed');
  }

  /** Passes the request to the handler, unless a stubbed operation answers it. */
  #handle(request: unknown, pass: (request: unknown) => void): void {
    const held = this.#parts.held.take(this.#method.name);
    if (held) {
      held.then((operation) => this.answer(null, operation)).catch((error) => this.fail(error));
    } else pass(request);
  }

  #meet(request: unknown, pass: (request: unknown) => void): void {
    const consequence = this.#fault?.consequence ?? { type: 'none' };
    switch (consequence.type) {
      case 'none':
        pass(request);
        break;
      case 'error':
        this.#refuse(consequence.error);
        break;
      case 'effect':
        this.#apply(consequence.effect, request, pass);
    }
  }

  #apply(effect: FaultEffect, request: unknown, pass: (request: unknown) => void): void {
    const connection = this.#parts.connections.get(this.#incoming.connection);
    switch (effect) {
      case 'hang':
        break;
      case 'drop':
        if (connection) connection.drop();
        else this.#refuse(new StatusError(Code.UNAVAILABLE, 'the connection broke: try again'));
        break;
      case 'goAway':
        connection?.goAway();
        pass(request);
        break;
      case 'answerEarly':
        pass({ ...(request as object), timeout: { seconds: 0, nanos: 0 } });
        break;
      case 'duplicate':
      case 'stale':
      case 'unknownAny':
      case 'brokenAny':
        pass(request);
    }
  }

  /** Key of the answer history. All methods that return an operation share the key of that operation. */
  #question(answer: unknown): string {
    const { name, outputType } = this.#method;
    if (isOperationType(outputType)) return `operation ${(answer as { readonly name: string }).name}`;
    return `${name} ${JSON.stringify(this.#request)}`;
  }

  #altered(message: unknown): unknown {
    const { history } = this.#parts;
    const { outputType } = this.#method;
    switch (this.#fault?.consequence.type === 'effect' && this.#fault.consequence.effect) {
      case 'duplicate':
        return history.last(this.#question(message)) ?? message;
      case 'stale':
        return history.lastOther(this.#question(message), this.#incoming.serialize(message)) ?? message;
      case 'unknownAny':
        return replaceAnys(outputType, message, unknownAny);
      case 'brokenAny':
        return replaceAnys(outputType, message, brokenAny);
      case false:
      case 'hang':
      case 'drop':
      case 'goAway':
      case 'answerEarly':
        return message;
    }
  }

  #refuse(error: StatusError): void {
    this.end(error.code, error.message);
    this.#incoming.send(toServerError(error));
  }
}

function kindOf({ consequence }: ParsedFault): FaultEffect | 'error' | 'delay' {
  switch (consequence.type) {
    case 'none':
      return 'delay';
    case 'error':
      return 'error';
    case 'effect':
      return consequence.effect;
  }
}
