import { ChannelCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { Connection } from '../../../src/client/calls/connection.js';
import { WaitConnections } from '../../../src/client/waiting/wait-connections.js';
import { Code, StatusError } from '../../../src/status.js';
import { expectKitError } from '../../../src/testing/conformance/kit-error.js';
import { manualClock } from '../../../src/testing/manual-clock.js';

describe('connections for waits', () => {
  it('a call that HTTP/2 turns away again and again: UNAVAILABLE, which ends no wait', async () => {
    const clock = manualClock();
    const connections = new WaitConnections({
      maxConnections: 1,
      streamsPerConnection: 80,
      connect: () =>
        new Connection({
          target: 'localhost:1',
          credentials: ChannelCredentials.createInsecure(),
          channelOptions: {},
          interceptors: [],
        }),
      disconnect: (connection, reason) => connection.close(reason),
      clock,
    });
    let attempts = 0;
    const request = { name: 'operations/1', priority: 'first', signal: undefined } as const;
    const turnedAway = expectKitError(
      connections.run({ ...request, deadline: Number.POSITIVE_INFINITY }, async () => {
        attempts++;
        throw new StatusError(Code.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory limit exceeded');
      }),
      Code.UNAVAILABLE,
      { reason: 'CONNECTION_CROWDED' },
    );
    for (let attempt = 1; attempt < 10; attempt++) {
      await clock.whenArmed(1);
      await clock.advance(clock.untilNextMs);
    }
    expect(await turnedAway).toMatchObject({ cause: { code: Code.RESOURCE_EXHAUSTED } });
    expect(attempts).toBe(10);
    connections.close(new StatusError(Code.UNAVAILABLE, 'closed'));
  });
});
