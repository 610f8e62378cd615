import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  CancelOperationRequest,
  ListOperationsRequest,
  WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';
import { OperationsClient } from '../../src/index.js';
import { frame, type RawGrpc, rawGrpc } from '../helpers/raw-grpc.js';
import { fuzzRuns } from './fuzz-runs.js';
import { type ServedApis, serveApis } from './served-apis.js';

jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/l';
/** Longer than any answer takes. A wait without its own limit would take a minute. */
const DEADLINE = { 'grpc-timeout': '500m' };
/** Text that only the inside of a program produces. */
const INSIDE = /node_modules|\.[jt]s:\d+|\n\s+at |Error:/;

const whole = fc.constantFrom(
  CancelOperationRequest.encode({ name: `${PARENT}/operations/x` }).finish(),
  ListOperationsRequest.encode(
    ListOperationsRequest.fromPartial({ name: PARENT, filter: 'done = true', pageToken: 'x', pageSize: 3 }),
  ).finish(),
  WaitOperationRequest.encode(
    WaitOperationRequest.fromPartial({ name: 'operations/x', timeout: { seconds: 0, nanos: 5 } }),
  ).finish(),
);

/** Message with one part changed, removed, inserted or duplicated. */
const changed = fc
  .tuple(
    whole,
    fc.array(
      fc.record({
        at: fc.nat(100),
        kind: fc.constantFrom('change', 'cut', 'insert', 'double'),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      }),
      { maxLength: 4 },
    ),
  )
  .map(([message, changes]) => {
    let bytes = Buffer.from(message);
    for (const { at, kind, bytes: put } of changes) {
      const place = at % (bytes.length + 1);
      const before = bytes.subarray(0, place);
      const after = bytes.subarray(place);
      if (kind === 'double') bytes = Buffer.concat([bytes, bytes]);
      else if (kind === 'insert') bytes = Buffer.concat([before, put, after]);
      else
        bytes = Buffer.concat([
          before,
          kind === 'change' ? put : Buffer.alloc(0),
          after.subarray(put.length),
        ]);
    }
    return bytes;
  });

const message = fc.oneof(changed, fc.uint8Array({ maxLength: 256 }).map(Buffer.from));

/** Body of a call: mostly one correctly framed message. */
const body = fc.oneof(
  { weight: 6, arbitrary: message.map((bytes) => frame(bytes)) },
  {
    weight: 1,
    arbitrary: fc.tuple(message, fc.nat(2 ** 32 - 1)).map(([bytes, length]) => frame(bytes, { length })),
  },
  { weight: 1, arbitrary: fc.tuple(message, message).map(([a, b]) => Buffer.concat([frame(a), frame(b)])) },
  { weight: 1, arbitrary: message.map((bytes) => compressed(frame(gzipSync(bytes)))) },
  { weight: 1, arbitrary: message.map((bytes) => compressed(frame(bytes))) },
  { weight: 1, arbitrary: message },
);

const headers = fc.constantFrom<Record<string, string>>(
  {},
  { 'grpc-encoding': 'gzip' },
  { 'grpc-encoding': 'snappy' },
  { 'grpc-encoding': 'identity', 'content-type': 'application/grpc+json' },
  { 'x-goog-request-params': 'name=%00%ff' },
  { 'some-bin': 'no base64, this' },
);

function compressed(framed: Buffer): Buffer {
  framed[0] = 1;
  return framed;
}

describe('gRPC › whatever bytes are sent to whatever method', () => {
  let apis: ServedApis;
  let raw: RawGrpc;
  beforeAll(async () => {
    apis = await serveApis();
    raw = rawGrpc(apis.address);
  });
  afterAll(async () => {
    raw.session.destroy();
    await apis[Symbol.asyncDispose]();
  });

  it('is answered with a status that tells nothing of the inside, and others are served', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), body, headers, async (method, bytes, more) => {
        const path = apis.paths[method % apis.paths.length] as string;
        if (raw.session.closed) raw = rawGrpc(apis.address);
        const { grpcStatus, grpcMessage, httpStatus, resetCode } = await raw.call(path, bytes, {
          ...DEADLINE,
          ...more,
        });
        const answered = grpcStatus !== undefined ? grpcStatus <= 16 : httpStatus !== 200 || resetCode !== 0;
        expect({ path, answered, grpcMessage }).toEqual({ path, answered: true, grpcMessage });
        expect(grpcMessage).not.toMatch(INSIDE);
      }),
      fuzzRuns(1000),
    );
    await using operations = new OperationsClient({ address: apis.address });
    expect((await operations.listOperations({ name: PARENT })).operations).toEqual(expect.any(Array));
  });
});
