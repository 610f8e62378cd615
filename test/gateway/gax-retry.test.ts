import { AttachedClustersClient } from '@google-cloud/gkemulticloud';
import { type handleUnaryCall, Server } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type GetOperationRequest, Operation } from '../../generated/google/longrunning/operations.js';
import { toServerError } from '../../src/core/grpc-status.js';
import { Code, StatusError } from '../../src/core/status.js';
import { createGateway, type ServedPort, servePort } from '../../src/gateway/index.js';
import { OperationsService } from '../../src/server/index.js';
import { restOptions } from './faked-api.js';

// Loading google-gax takes long.
jest.setTimeout(300_000);

const NAME = 'projects/p/locations/l/operations/1';
const UNKNOWN = { typeUrl: 'type.googleapis.com/acme.v1.Unknown', value: Buffer.from('?') };

describe('google-gax over REST, with error details of an unknown type', () => {
  const server = new Server();
  const gateway = createGateway({ server });
  let port: ServedPort;
  let client: AttachedClustersClient;
  let calls = 0;
  let answer: Partial<Operation> | StatusError;

  beforeAll(async () => {
    const getOperation: handleUnaryCall<GetOperationRequest, Operation> = (_, callback) => {
      calls++;
      if (answer instanceof StatusError) callback(toServerError(answer));
      else callback(null, Operation.fromPartial(answer));
    };
    server.addService({ getOperation: OperationsService.getOperation }, { getOperation });
    port = await servePort({ server, gateway, address: '127.0.0.1:0' });
    client = new AttachedClustersClient(restOptions(port.port));
    await client.initialize();
  });
  afterAll(async () => {
    await client.close();
    await port.close({ graceMs: 0 });
    gateway.close();
    server.forceShutdown();
  });

  it('returns an error at once with its code, without retries', async () => {
    calls = 0;
    answer = new StatusError(Code.FAILED_PRECONDITION, 'locked', [UNKNOWN]);
    const asked = client.operationsClient.getOperation({ name: NAME } as never);
    await expect(asked).rejects.toMatchObject({ code: Code.FAILED_PRECONDITION });
    expect(calls).toBe(1);
  });

  it('reads a failed operation without retries', async () => {
    calls = 0;
    const error = { code: Code.DATA_LOSS, message: 'gone', details: [UNKNOWN] };
    answer = { name: NAME, done: true, result: { $case: 'error', value: error } };
    const [operation] = await client.operationsClient.getOperation({ name: NAME } as never);
    expect(operation).toMatchObject({ name: NAME, done: true, error: { code: Code.DATA_LOSS } });
    expect(calls).toBe(1);
  });
});
