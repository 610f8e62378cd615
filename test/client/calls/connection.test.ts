import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { OperationsClient } from '../../../src/client/operations/operations-client.js';
import { expectKitError, rejection } from '../../../src/conformance/kit-error.js';
import { Code } from '../../../src/core/status.js';
import { manualClock } from '../../../src/testing/clock/manual-clock.js';

const NAME = 'operations/1';

/** Server that closes a number of connections with an error, and then has no operations. */
async function startBrokenServer(broken = 1) {
  let calls = 0;
  const server = createServer();
  server.on('stream', (stream) => {
    if (calls++ < broken) {
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

describe('a connection that breaks during a call', () => {
  it('is UNAVAILABLE, not INTERNAL as in grpc-js', async () => {
    // A call is tried again on another connection.
    await using server = await startBrokenServer(Number.POSITIVE_INFINITY);
    await using client = new OperationsClient({ address: server.address });
    const error = await expectKitError(client.getOperation({ name: NAME }), Code.UNAVAILABLE, {
      reason: 'CONNECTION_BROKEN',
    });
    expect(error).toMatchObject({ cause: { code: Code.INTERNAL } });
  });

  it('does not end a wait, which continues on another connection (contract 36)', async () => {
    const clock = manualClock();
    await using server = await startBrokenServer();
    await using client = new OperationsClient({ address: server.address, clock });
    const waiting = rejection(client.operation(NAME).wait());
    await clock.whenArmed(1);
    await clock.advance(clock.untilNextMs);
    expect(await waiting).toMatchObject({ code: Code.NOT_FOUND, operationName: NAME });
  });
});
