import type {
  CancelOperationRequest,
  DeleteOperationRequest,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  Operation,
} from '../../../generated/google/longrunning/operations.js';
import { LONGEST_TIMER_MS } from '../../core/clock.js';
import type { CallOptions, NamedRequest, OperationsApi } from '../../core/operations-api.js';
import { readOperation } from '../../core/read-operation.js';
import { abortable, onAbort } from '../../core/signals.js';
import { Code, kitError, StatusError } from '../../core/status.js';
import { callDeadline } from '../calls/call-deadline.js';
import { callHeaders } from '../calls/caller.js';
import { retryUnavailable } from '../calls/retry-unavailable.js';
import type { GaxAny, GaxCall, GaxCallOptions, GaxOperationsClient } from './generated-client.js';
import { anyOf } from './operation.js';

/** Implements the methods over REST by functions of google-gax. Google's APIs have no REST rule for WaitOperation. */
export class GaxRestOperations implements OperationsApi {
  readonly #calls: GaxOperationsClient['innerApiCalls'];

  constructor({ innerApiCalls }: Pick<GaxOperationsClient, 'innerApiCalls'>) {
    this.#calls = innerApiCalls;
  }

  async getOperation(request: NamedRequest<GetOperationRequest>, options?: CallOptions): Promise<Operation> {
    const [operation] = await this.#call('getOperation', request, options);
    return readOperation(operation);
  }

  async listOperations(
    request: NamedRequest<ListOperationsRequest>,
    options?: CallOptions,
  ): Promise<ListOperationsResponse> {
    const [, , page] = await this.#call('listOperations', request, options);
    const { operations, nextPageToken, unreachable } = page as GaxPage;
    return {
      operations: (operations ?? []).map((operation) => readOperation(operation)),
      nextPageToken: nextPageToken ?? '',
      unreachable: [...(unreachable ?? [])],
    };
  }

  async cancelOperation(request: NamedRequest<CancelOperationRequest>, options?: CallOptions): Promise<void> {
    await this.#call('cancelOperation', request, options);
  }

  async deleteOperation(request: NamedRequest<DeleteOperationRequest>, options?: CallOptions): Promise<void> {
    await this.#call('deleteOperation', request, options);
  }

  /** Always fails, so that waits poll. @throws StatusError UNIMPLEMENTED. */
  async waitOperation(): Promise<Operation> {
    const message = 'WaitOperation cannot be called over REST: poll, or make the client without `fallback`';
    throw kitError(Code.UNIMPLEMENTED, 'WAIT_OVER_REST', message);
  }

  async #call(
    name: 'getOperation' | 'listOperations' | 'cancelOperation' | 'deleteOperation',
    request: { readonly name: string },
    { timeoutMs, signal, headers }: CallOptions = {},
  ): Promise<readonly [unknown, unknown, unknown]> {
    const deadline = callDeadline(timeoutMs);
    const metadata = callHeaders(request, headers).getMap();
    return retryUnavailable({ deadline, signal }, (leftMs) => {
      const options = {
        timeout: Math.min(leftMs, LONGEST_TIMER_MS),
        retry: null,
        autoPaginate: false,
        otherArgs: { headers: metadata },
      } as const;
      return this.#attempt(name, request, options, signal);
    });
  }

  async #attempt(
    name: string,
    request: object,
    options: GaxCallOptions,
    signal: AbortSignal | undefined,
  ): Promise<readonly [unknown, unknown, unknown]> {
    signal?.throwIfAborted();
    const pending = (this.#calls[name] as GaxCall)(request, options);
    const stopListening = onAbort(signal, () => pending.cancel());
    try {
      return await abortable(pending, signal);
    } catch (thrown) {
      signal?.throwIfAborted();
      throw restError(thrown);
    } finally {
      stopListening();
    }
  }
}

interface GaxPage {
  readonly operations?: readonly unknown[] | null;
  readonly nextPageToken?: string | null;
  readonly unreachable?: readonly string[] | null;
}

/** Error of google-gax over REST: its details are decoded, and it has no code if HTTP itself failed. */
interface GaxRestError extends Error {
  readonly code?: number;
  readonly details?: readonly GaxAny[];
}

function restError(thrown: unknown): StatusError {
  if (!(thrown instanceof Error)) return StatusError.from(thrown);
  const { code = Code.UNKNOWN, message, details } = thrown as GaxRestError;
  // google-gax reports UNAVAILABLE for a response that it cannot decode. Retrying would never end.
  if (/cannot find type|no such type/.test(message)) {
    const advice = `response cannot be decoded over REST (${message}): create the client without \`fallback\``;
    return kitError(Code.INTERNAL, 'ANSWER_UNREADABLE', advice, { cause: thrown });
  }
  const packed = Array.isArray(details) ? details.map(anyOf) : [];
  const status = StatusError.from({ code, message, details: packed });
  return new StatusError(status.code, status.message, status.details, { cause: thrown });
}
