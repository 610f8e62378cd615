import { execFileSync } from 'node:child_process';
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GoogleError } from 'google-gax';
import { ClientError, ServerError } from 'nice-grpc';
import 'longrunning/testing/jest';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code, StatusError } from '../../src/core/status.js';
import { startTestServer, type TestServer } from '../../src/testing/index.js';
import { otherClients } from './clients.js';

// Google's client looks for a Google metadata server.
process.env.METADATA_SERVER_DETECTION = 'none';

const info = { reason: 'LOCKED', domain: 'd', metadata: { door: 'front' } };
const clients = otherClients().filter(({ name }) => name !== 'REST');

describe.each(clients)('the error that $name rejects with', ({ name, get }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('keeps code, message and details', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }];
    server.failNext('GetOperation', { code: 'PERMISSION_DENIED', message: 'locked: ümlaut', details });
    const thrown = await rejection(get(server, 'operations/1'));
    const error = StatusError.from(thrown);
    expect(error).toMatchObject({ code: Code.PERMISSION_DENIED, message: 'locked: ümlaut', cause: thrown });
    // nice-grpc does not expose the trailers of errors.
    expect(error.detail(ErrorInfo)).toEqual(name.startsWith('nice-grpc') ? undefined : info);
  });

  it.each(Object.entries(Code).slice(1))('is %s to the matchers', async (code) => {
    server.failNext('GetOperation', { code: code as 'ABORTED' });
    await expect(get(server, 'operations/1')).rejects.toHaveFailedWith(code as 'ABORTED');
  });
});

describe('StatusError.from › errors of other libraries', () => {
  it('reads a GoogleError of an operation, which has only code and message', () => {
    const error = Object.assign(new GoogleError('locked'), { code: 7 });
    expect(StatusError.from(error)).toMatchObject({ code: 7, message: 'locked', details: [], cause: error });
    expect(StatusError.from(new GoogleError('x'))).toMatchObject({ code: Code.UNKNOWN, message: 'x' });
  });

  it('reads a GoogleError over REST, whose ErrorInfo is decoded', () => {
    const error = GoogleError.parseHttpError({
      error: {
        code: 403,
        status: 'PERMISSION_DENIED',
        message: 'locked',
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }],
      },
    });
    const { code, message } = StatusError.from(error);
    expect([code, message]).toEqual([7, 'locked']);
    expect(StatusError.from(error).detail(ErrorInfo)).toEqual(info);
  });

  it('reads a ConnectError of a handler, with details to send', () => {
    const value = create(DurationSchema, { seconds: 1n });
    const error = new ConnectError('locked', 7, undefined, [{ desc: DurationSchema, value }]);
    expect(StatusError.from(error)).toMatchObject({ code: 7, message: 'locked' });
    expect(StatusError.from(error).details).toEqual([
      { typeUrl: 'type.googleapis.com/google.protobuf.Duration', value: Buffer.of(8, 1) },
    ]);
  });

  it.each([
    ['ClientError', new ClientError('/a.B/C', 7, 'locked')],
    ['ServerError', new ServerError(7, 'locked')],
  ])('%s of nice-grpc', (_, error) => {
    expect(StatusError.from(error)).toMatchObject({ code: 7, message: 'locked', cause: error });
  });

  it('reads a status object of grpc-js and an Error with its fields', () => {
    const status = { code: 7, details: 'locked' };
    expect(StatusError.from(status)).toMatchObject({ code: 7, message: 'locked' });
    const error = Object.assign(new Error('x'), status);
    expect(StatusError.from(error)).toMatchObject({ code: 7, message: 'locked', cause: error });
  });

  it('ignores numbers that are not gRPC codes: process exit status, DOMException, errno', () => {
    const exited = thrownBy(() =>
      execFileSync(process.execPath, ['--eval', 'process.exit(7)'], { stdio: 'ignore' }),
    );
    const errors = [
      exited,
      new DOMException('x', 'NotFoundError'),
      Object.assign(new Error('x'), { code: 7, errno: -7 }),
    ];
    for (const error of errors) expect(StatusError.from(error).code).toBe(Code.UNKNOWN);
  });
});

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('it did not throw');
}
