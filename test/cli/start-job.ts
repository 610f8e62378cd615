import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, credentials } from '@grpc/grpc-js';
import { Operation } from 'longrunning/generated/google/longrunning/operations';

/** Field `parent` of JobRequest. */
const PARENT_TAG = (1 << 3) | 2;

/**
 * Starts an operation of the service in jobs.proto without a command-line process.
 *
 * @returns the name of the operation.
 */
export async function startJob(address: string, method: string, parent = ''): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const request = Buffer.from(new BinaryWriter().uint32(PARENT_TAG).string(parent).finish());
  try {
    const operation = await new Promise<Operation>((resolve, reject) => {
      const path = `/test.jobs.v1.Jobs/${method}`;
      client.makeUnaryRequest(
        path,
        (bytes: Buffer) => bytes,
        Operation.decode,
        request,
        (error, started) => (started ? resolve(started) : reject(error)),
      );
    });
    return operation.name;
  } finally {
    client.close();
  }
}
