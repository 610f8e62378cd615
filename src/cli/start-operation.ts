import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type Operation, type OperationMethod, StatusError } from '../index.js';
import { OperationsService } from '../server/index.js';
import type { Session } from './session.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Calls a method that starts an operation. It is not tried again: that could start another one.
 *
 * @throws StatusError with the details that the server sent.
 */
export function startOperation<Request>(
  method: OperationMethod<Request, unknown, unknown>,
  request: Request,
  { connection: { channel, headers }, timeLeft }: Session,
): Promise<Operation> {
  // This machine is never reached through a proxy.
  const client = new Client(
    channel.target,
    channel.credentials,
    channel.loopback ? { 'grpc.enable_http_proxy': 0 } : {},
  );
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const deadline = Date.now() + (timeLeft.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const started = new Promise<Operation>((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      (message: Request) => Buffer.from(method.request.encode(message).finish()),
      // Whatever it starts, the method answers as GetOperation does.
      OperationsService.getOperation.responseDeserialize,
      request,
      metadata,
      { deadline },
      (error: ServiceError | null, operation?: Operation) =>
        operation ? resolve(operation) : reject(StatusError.from(error)),
    );
  });
  return started.finally(() => client.close());
}
