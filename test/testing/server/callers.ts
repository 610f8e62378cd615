import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { Operation } from '../../../generated/google/longrunning/operations.js';
import { OperationsService } from '../../../generated/google/longrunning/operations.js';

interface Calling {
  readonly deadlineMs?: number;
  readonly waitForReady?: boolean;
}

/** Calls a server exactly once per call, without retries. */
export interface Once extends Disposable {
  get(name: string, calling?: Calling): Promise<Operation>;
  getFrom(name: string): Promise<Operation>;
  wait(name: string): Promise<Operation>;
}

export function once(address: string): Once {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
  });
  const call = (
    {
      path,
      requestSerialize,
      responseDeserialize,
    }: (typeof OperationsService)['getOperation' | 'waitOperation'],
    request: { readonly name: string },
    { deadlineMs, waitForReady = false }: Calling = {},
  ) =>
    new Promise<Operation>((resolve, reject) => {
      const metadata = new Metadata({ waitForReady });
      const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
      const serialize = requestSerialize as (value: object) => Buffer;
      client.makeUnaryRequest(
        path,
        serialize,
        responseDeserialize,
        request,
        metadata,
        options,
        (error, answer) => (answer ? resolve(answer) : reject(error)),
      );
    });
  return {
    get: (name, calling) => call(OperationsService.getOperation, { name }, calling),
    getFrom: (name) => call(OperationsService.getOperation, { name }, { waitForReady: true }),
    wait: (name) => call(OperationsService.waitOperation, { name }),
    [Symbol.dispose]: () => client.close(),
  };
}

/** Gets an operation over REST, on a new connection unless it is kept alive. */
export function getJson(
  url: string,
  name: string,
  signal?: AbortSignal,
  connection: 'close' | 'keep-alive' = 'close',
): Promise<Response> {
  return fetch(`${url}/v1/${name}`, { headers: { connection }, ...(signal && { signal }) });
}
