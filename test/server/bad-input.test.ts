import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExportReportRequest, ReportsService } from '../../generated/example/reports/v1/reports.js';
import {
  CancelOperationRequest,
  ListOperationsRequest,
  Operation,
  WaitOperationRequest,
} from '../../generated/google/longrunning/operations.js';
import { PARENT, type ReportsServer, startReportsServer } from '../../src/conformance/reports-server.js';
import { Code } from '../../src/core/status.js';
import { OperationsService } from '../../src/server/index.js';
import { settled } from '../../src/testing/clock/manual-clock.js';
import { frame, type RawGrpc, rawGrpc } from '../helpers/raw-grpc.js';

const { getOperation, cancelOperation, deleteOperation, waitOperation, listOperations } = OperationsService;

describe('bad input', () => {
  let server: ReportsServer;
  let raw: RawGrpc;
  let name: string;
  /** `{ name }` as each of the four methods that take one reads it. */
  let named: Buffer;

  beforeEach(async () => {
    server = await startReportsServer();
    raw = rawGrpc(server.address);
    ({ name } = await server.inProcess.exportReport());
    await server.exports.on(name);
    named = Buffer.from(CancelOperationRequest.encode({ name }).finish());
  });

  /** Whatever came in: the server serves, and nothing has happened to the operation. */
  afterEach(async () => {
    await using _server = server;
    await using _raw = raw;
    const { signal } = (await server.exports.on(name)).context;
    expect(await server.overGrpc.operations.getOperation({ name })).toMatchObject({ name, done: false });
    expect(signal.aborted).toBe(false);
  });

  async function expectStatus(path: string, body: Uint8Array, status: number): Promise<void> {
    const { grpcStatus } = await raw.call(path, body);
    expect({ path, body, grpcStatus }).toEqual({ path, body, grpcStatus: status });
  }

  it.each([cancelOperation.path, deleteOperation.path, getOperation.path, waitOperation.path])(
    '%s cut off inside its message, at every byte: rejected without effect',
    async (path) => {
      await expectStatus(path, frame(named.subarray(0, 0)), Code.INVALID_ARGUMENT);
      for (let length = 1; length < named.length; length++) {
        await expectStatus(path, frame(named.subarray(0, length)), Code.INTERNAL);
      }
    },
  );

  it('cut off inside its frame, at every byte: an error without effect', async () => {
    const whole = frame(named);
    for (let length = 0; length < whole.length; length++) {
      const { grpcStatus } = await raw.call(cancelOperation.path, whole.subarray(0, length));
      expect(grpcStatus).not.toBe(Code.OK);
    }
  });

  it('start cut off inside a field: no operation is started', async () => {
    const parentOnly = ExportReportRequest.encode(
      ExportReportRequest.fromPartial({ parent: PARENT }),
    ).finish().length;
    const request = ExportReportRequest.encode(
      ExportReportRequest.fromPartial({ parent: PARENT, title: 'sales' }),
    ).finish();
    for (let length = 1; length < request.length; length++) {
      if (length === parentOnly) continue;
      await expectStatus(ReportsService.exportReport.path, frame(request.subarray(0, length)), Code.INTERNAL);
    }
    expect(server.exports.begun).toEqual([name]);
  });

  it.each([
    ['a stray zero after the name', () => Buffer.concat([named, Buffer.from([0])])],
    ['a stray zero before the name', () => Buffer.concat([Buffer.from([0]), named])],
    ['field number 0', () => Buffer.concat([named, Buffer.from([0x02, 0x00])])],
    ['wire type 6', () => Buffer.concat([named, Buffer.from([0x16])])],
    ['wire type 7', () => Buffer.concat([named, Buffer.from([0x17])])],
    ['a group that is not closed', () => Buffer.concat([named, Buffer.from([0x13])])],
    ['the end of a group that was not opened', () => Buffer.concat([named, Buffer.from([0x14])])],
    ['a varint without end', () => Buffer.concat([named, Buffer.alloc(11, 0xff)])],
    [
      'a length beyond the end',
      () => Buffer.concat([named, Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x07])]),
    ],
    ['random bytes', () => Buffer.concat([Buffer.from([0x07]), randomBytes(64)])],
  ])('a message with %s is rejected without effect', async (_fault, message) => {
    await expectStatus(cancelOperation.path, frame(message()), Code.INTERNAL);
    await expectStatus(deleteOperation.path, frame(message()), Code.INTERNAL);
  });

  it('a truncated nested message is rejected', async () => {
    const timeout = Buffer.from([0x12, 0x01, 0x08]);
    await expectStatus(waitOperation.path, frame(Buffer.concat([named, timeout])), Code.INTERNAL);
  });

  it('a name of another wire type, or of invalid UTF-8: INVALID_ARGUMENT (contract 9)', async () => {
    await expectStatus(cancelOperation.path, frame(Buffer.from([0x08, 0x01])), Code.INVALID_ARGUMENT);
    const broken = Buffer.concat([Buffer.from([0x0a, 12]), Buffer.from('operations/'), Buffer.from([0xff])]);
    await expectStatus(getOperation.path, frame(broken), Code.INVALID_ARGUMENT);
  });

  it('a name of 1 MiB: INVALID_ARGUMENT; a message over the limit: RESOURCE_EXHAUSTED (contract 9)', async () => {
    const long = (bytes: number) =>
      frame(CancelOperationRequest.encode({ name: `operations/${'x'.repeat(bytes)}` }).finish());
    for (const { path } of [getOperation, cancelOperation, deleteOperation, waitOperation]) {
      await expectStatus(path, long(2 ** 20), Code.INVALID_ARGUMENT);
    }
    const list = ListOperationsRequest.fromPartial({ name: 'é'.repeat(2 ** 19) });
    const encoded = ListOperationsRequest.encode(list).finish();
    await expectStatus(listOperations.path, frame(encoded), Code.INVALID_ARGUMENT);
    await expectStatus(cancelOperation.path, long(5 * 2 ** 20), Code.RESOURCE_EXHAUSTED);
  });

  it('a frame with a wrong length: an error without effect', async () => {
    const tooLong = await raw.call(cancelOperation.path, frame(named, { length: 2 ** 32 - 1 }));
    expect(tooLong.grpcStatus).toBe(Code.RESOURCE_EXHAUSTED);
    await expectStatus(cancelOperation.path, frame(named, { length: named.length - 3 }), Code.INTERNAL);
  });

  it('negative sizes, negative timeouts and junk tokens: INVALID_ARGUMENT (contract 23, 26, 27)', async () => {
    const lists = [
      { pageSize: -1 },
      { pageSize: -(2 ** 31) },
      { pageToken: 'junk' },
      { pageToken: '\0'.repeat(9) },
    ];
    for (const part of lists) {
      const request = ListOperationsRequest.fromPartial({ name: PARENT, ...part });
      await expectStatus(
        listOperations.path,
        frame(ListOperationsRequest.encode(request).finish()),
        Code.INVALID_ARGUMENT,
      );
    }
    const wait = WaitOperationRequest.encode({ name, timeout: { seconds: -1, nanos: 0 } }).finish();
    await expectStatus(waitOperation.path, frame(wait), Code.INVALID_ARGUMENT);
  });

  it('unknown fields, of every wire type, are ignored', async () => {
    const unknown = Buffer.from([
      ...[0xf8, 0x07, 0x2a], // field 127, varint
      ...[0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8], // 64 bits
      ...[0xfa, 0x07, 3, 1, 2, 3], // three bytes
      ...[0xfb, 0x07, 0x08, 0x01, 0xfc, 0x07], // a group
      ...[0xfd, 0x07, 1, 2, 3, 4], // 32 bits
    ]);
    const { grpcStatus, body } = await raw.call(
      getOperation.path,
      frame(Buffer.concat([unknown, named, unknown])),
    );
    expect(grpcStatus).toBe(Code.OK);
    expect(Operation.decode(body.subarray(5))).toMatchObject({ name });
  });

  it('unknown methods and services: UNIMPLEMENTED; another content type: HTTP 415', async () => {
    await expectStatus('/google.longrunning.Operations/PurgeOperation', frame(named), Code.UNIMPLEMENTED);
    await expectStatus('/no.Service/CancelOperation', frame(named), Code.UNIMPLEMENTED);
    const answer = await raw.call(cancelOperation.path, frame(named), { 'content-type': 'text/plain' });
    expect(answer.httpStatus).toBe(415);
  });

  it.each([
    ['random bytes', randomBytes(4096)],
    ['an HTTP/1.1 request', Buffer.from('GET /v1/operations HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['the beginning of a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
    [
      'an HTTP/2 preface followed by noise',
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), randomBytes(512)]),
    ],
    ['no bytes', Buffer.alloc(0)],
  ])('random bytes on the port (%s) do not affect others', async (_kind, noise) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'connect');
    socket.end(noise);
    expect(await server.overGrpc.operations.getOperation({ name })).toMatchObject({ name });
    socket.destroy();
    await closed;
  });

  it('a thousand streams opened and reset leave nothing behind (contract 18, 24)', async () => {
    const kinds = [
      (path: string) => raw.open(path),
      (path: string) => {
        const stream = raw.open(path);
        stream.write(frame(named).subarray(0, 7));
        return stream;
      },
      () => {
        const stream = raw.open(waitOperation.path);
        stream.end(frame(named));
        return stream;
      },
    ];
    for (let batch = 0; batch < 10; batch++) {
      const streams = Array.from({ length: 100 }, (_, index) =>
        kinds[index % kinds.length]?.(cancelOperation.path),
      );
      await settled();
      const closed = streams.map((stream) => {
        stream?.on('error', () => {});
        stream?.close(constants.NGHTTP2_CANCEL);
        return stream && once(stream, 'close');
      });
      await Promise.all(closed);
    }
    while (server.manual.armed > 0) await settled();
    expect(server.logged).toEqual([]);
  });
});
