import { expect } from '@jest/globals';
import { OperationsClient } from 'longrunning';
import { Code } from '../../src/core/status.js';
import type { closeAfterEach } from './close-after-each.js';
import { rawGrpc } from './raw-grpc.js';

/**
 * Raw connections to a server, and an honest client beside them. They are closed after the test.
 *
 * @param token - credential of the honest client.
 */
export function attackedServer(
  address: string,
  opened: ReturnType<typeof closeAfterEach>,
  token?: string,
): { readonly raw: () => ReturnType<typeof rawGrpc>; readonly goesOn: () => Promise<void> } {
  const client = opened(new OperationsClient({ address, token }));
  return {
    raw: () => {
      const connection = rawGrpc(address);
      opened({
        async [Symbol.asyncDispose]() {
          connection.session.destroy();
        },
      });
      return connection;
    },
    goesOn: async () => {
      const missing = client.getOperation({ name: 'operations/none' });
      await expect(missing).rejects.toMatchObject({ code: Code.NOT_FOUND });
    },
  };
}
