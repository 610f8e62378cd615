import { Metadata } from '@grpc/grpc-js';
import { Connection } from '../../client/calls/connection.js';
import type { Operation, OperationMethod } from '../../index.js';
import { OperationsService } from '../../server/index.js';
import type { Session } from '../connection/session.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Calls a method that starts an operation. It is not tried again: that could start another one.
 *
 * @throws StatusError with the details that the server sent.
 */
export async function startOperation<Request>(
  method: OperationMethod<Request, unknown, unknown>,
  request: Request,
  { connection: { channel, headers } }: Session,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<Operation> {
  const deadline = Date.now() + timeoutMs;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(await headers(timeoutMs))) metadata.set(name, value);
  const connection = new Connection({
    target: channel.target,
    credentials: channel.credentials,
    // This machine is never reached through a proxy.
    channelOptions: {
      'grpc.max_receive_message_length': -1,
      ...(channel.loopback && { 'grpc.enable_http_proxy': 0 }),
    },
    interceptors: [],
  });
  const definition = {
    path: method.path,
    requestSerialize: (message: Request) => Buffer.from(method.request.encode(message).finish()),
    // Every method that starts an operation answers as GetOperation does.
    responseDeserialize: OperationsService.getOperation.responseDeserialize,
  };
  return connection
    .call(definition, request, { metadata, deadline, signal: undefined })
    .finally(() => connection.close(new Error('start is over')));
}
