import type { Operation } from '../../../generated/google/longrunning/operations.js';
import type { DeepPartial } from '../../core/operation-method.js';
import type { CallOptions, OperationsApi } from '../../core/operations-api.js';
import { internalError, isStatusError } from '../../core/status.js';
import { OperationsService } from '../grpc/grpc-handlers.js';
import type { InProcessOperations } from '../service/operations-service.js';
import { type CallObservers, type CallSubject, observedCall } from '../telemetry/observed-handler.js';
import type { ImplementedMethod, StartContext } from '../work/implement.js';
import type { ServedMethod } from '../work/served-method.js';
import type { CallFacts } from './call-facts.js';
import { type AccessControl, type Admission, inCall, inWait } from './gate.js';

/** Origin of a call that another transport received. */
export type CallOrigin = Pick<CallFacts, 'headers' | 'peer'>;

/** Starts and the five methods for a caller, with authorization, limits of callers and telemetry. */
export interface CallerOperations extends OperationsApi {
  /** Starts an operation, as `start` of the operations does. */
  start<Request, Response, Metadata>(
    implemented: ImplementedMethod<Request, Response, Metadata>,
    request: DeepPartial<Request>,
  ): Promise<Operation>;
}

/** Dependencies of {@link onBehalfOf}. */
export interface EntryParts extends CallObservers, AccessControl {
  readonly service: InProcessOperations;
  /** Returns a method that the server has. @throws TypeError if it does not have it */
  readonly served: (path: string) => ServedMethod;
  readonly start: (
    served: ServedMethod,
    request: DeepPartial<unknown>,
    context: StartContext,
  ) => Promise<Operation>;
}

/** Creates the entry of calls that a transport other than grpc-js received. */
export function onBehalfOf(origin: CallOrigin, parts: EntryParts): CallerOperations {
  const { service, limits } = parts;
  const { headers, peer } = origin;
  const enter = <Result>(
    { method, name, subject, signal }: Entered,
    answer: (admission: Admission) => Promise<Result>,
  ): Promise<Result> => {
    const facts = { method, name, headers, peer };
    return observedCall(facts, parts, subject, async () => {
      try {
        return await inCall(parts, facts, answer);
      } catch (thrown) {
        if (isStatusError(thrown) || (signal?.aborted && thrown === signal.reason)) throw thrown;
        parts.logger.error({ err: thrown, method }, 'call failed unexpectedly');
        throw internalError(method, thrown);
      }
    });
  };
  const entered = (
    { path }: { readonly path: string },
    { name }: { readonly name: string },
    options: CallOptions = {},
  ): Entered => ({
    method: path,
    name,
    subject: path === OperationsService.listOperations.path ? 'parent' : 'operation',
    signal: options.signal,
  });
  const { getOperation, listOperations, cancelOperation, deleteOperation, waitOperation } = OperationsService;
  return {
    start({ method: { path } }, request) {
      const served = parts.served(path);
      const given = request as DeepPartial<unknown>;
      const start: Entered = { method: path, name: served.parentOf(served.request(given)), subject: 'start' };
      return enter(start, ({ caller }) => parts.start(served, given, { headers, caller }));
    },
    getOperation: (request, options) =>
      enter(entered(getOperation, request, options), () => service.getOperation(request, options)),
    listOperations: (request, options) =>
      enter(entered(listOperations, request, options), (admission) =>
        service.listOperations(request, options, admission),
      ),
    cancelOperation: (request, options) =>
      enter(entered(cancelOperation, request, options), () => service.cancelOperation(request, options)),
    deleteOperation: (request, options) =>
      enter(entered(deleteOperation, request, options), () => service.deleteOperation(request, options)),
    waitOperation: (request, options) =>
      enter(entered(waitOperation, request, options), (admission) => {
        const wait = () => service.waitOperation(request, options);
        return limits ? inWait(limits, admission, peer, wait) : wait();
      }),
  };
}

/** A call that enters. */
interface Entered {
  /** Path of its method. */
  readonly method: string;
  /** Resource that it refers to. */
  readonly name: string;
  readonly subject: CallSubject;
  readonly signal?: AbortSignal | undefined;
}
