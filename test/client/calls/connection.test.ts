import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';

const NAME = 'operations/1';

/** Server that closes its first connection with an error, and then has no operations. */
async function startBrokenServer() {
  let calls = 0;
  const server = createServer();
  server.on('stream', (stream) => {
    if (calls++ === 0) {
      stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR, stream.id);
      return;
    }
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': Code.NOT_FOUND },
      { endStream: true },
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

describe('a connection that breaks down under a call', () => {
  it('is UNAVAILABLE, which it is, and not INTERNAL, as grpc-js has it', async () => {
    await using server = await startBrokenServer();
    await using client = new OperationsClient({ address: server.address });
    const error = await expectKitError(client.getOperation({ name: NAME }), Code.UNAVAILABLE, {
      reason: 'CONNECTION_BROKEN',
    });
    expect(error).toMatchObject({ cause: { code: Code.INTERNAL } });
  });

  it('ends no wait: it is asked again over another (contract 36)', async () => {
    const clock = manualClock();
    await using server = await startBrokenServer();
    await using client = new OperationsClient({ address: server.address, clock });
    const waiting = rejection(client.operation(NAME).wait());
    await clock.whenArmed(1);
    await clock.advance(clock.untilNextMs);
    expect(await waiting).toMatchObject({ code: Code.NOT_FOUND, operationName: NAME });
  });
});
