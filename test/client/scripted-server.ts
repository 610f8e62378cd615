import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import {
  type CancelOperationRequest,
  type GetOperationRequest,
  Operation,
  OperationsService,
  type WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';
import type { Empty } from '../../generated/google/protobuf/empty.js';
import { toServerError } from '../../src/core/grpc-status.js';
import { type Code, codeName, StatusError } from '../../src/core/status.js';

/** Call that the server received. */
export interface ServedCall {
  readonly method: string;
  readonly metadata: Metadata;
  /** Address of the peer. */
  readonly peer: string;
}

type Answers<Request, Response> = (
  call: ServerUnaryCall<Request, Response>,
  /** Number of earlier calls of the method. */
  count: number,
) => Response | Buffer | Promise<Response | Buffer>;

/** Answers of the methods; an omitted one is UNIMPLEMENTED. A Buffer is sent unchanged. */
export interface Script {
  readonly getOperation?: Answers<GetOperationRequest, Operation>;
  readonly cancelOperation?: Answers<CancelOperationRequest, Empty>;
  readonly waitOperation?: Answers<WaitOperationRequest, Operation>;
}

/** Server of the Operations service that misbehaves as the test specifies. */
export interface ScriptedServer extends AsyncDisposable {
  readonly address: string;
  readonly calls: readonly ServedCall[];
  /** Returns the number of calls of a method. */
  count(method: keyof Script): number;
}

/** @param at - `host:port` or `unix:/path` to listen at. */
export async function startScriptedServer(script: Script, at = '127.0.0.1:0'): Promise<ScriptedServer> {
  const calls: ServedCall[] = [];
  const count = (method: string) => calls.filter((call) => call.method === method).length;
  const { getOperation, cancelOperation, waitOperation } = OperationsService;
  const server = new Server();
  const serve = <Request, Response>(
    method: string,
    answers: Answers<Request, Response>,
  ): handleUnaryCall<Request, Response | Buffer> => {
    return async (call, callback) => {
      const before = count(method);
      calls.push({ method, metadata: call.metadata, peer: call.getPeer() });
      try {
        callback(null, await answers(call as ServerUnaryCall<Request, Response>, before));
      } catch (thrown) {
        callback(toServerError(StatusError.from(thrown)));
      }
    };
  };
  const handlers = Object.entries(script).map(([method, answers]) => [method, serve(method, answers)]);
  server.addService(
    {
      getOperation: { ...getOperation, responseSerialize: rawOr(getOperation.responseSerialize) },
      cancelOperation: { ...cancelOperation, responseSerialize: rawOr(cancelOperation.responseSerialize) },
      waitOperation: { ...waitOperation, responseSerialize: rawOr(waitOperation.responseSerialize) },
    },
    Object.fromEntries(handlers),
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(at, ServerCredentials.createInsecure(), (error, free) =>
      error ? reject(error) : resolve(free),
    );
  });
  return {
    address: at.startsWith('unix:') ? at : `127.0.0.1:${bound}`,
    calls,
    count,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function rawOr<Response>(serialize: (response: Response) => Buffer): (response: Response | Buffer) => Buffer {
  return (response) => (Buffer.isBuffer(response) ? response : serialize(response));
}

/** Answer: the operation is running. */
export function running(name = 'operations/1'): Operation {
  return Operation.fromPartial({ name });
}

/** Answer: the operation has ended without data. */
export function succeeded(name = 'operations/1'): Operation {
  const value = { typeUrl: 'type.googleapis.com/google.protobuf.Empty', value: Buffer.alloc(0) };
  return { name, metadata: undefined, done: true, result: { $case: 'response', value } };
}

/** Creates an error to throw. */
export function status(code: Code): StatusError {
  return new StatusError(code, `scripted ${codeName(code)}`);
}

/** Never answers; the call ends when the caller cancels it. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
