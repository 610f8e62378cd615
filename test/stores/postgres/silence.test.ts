import { describe, expect, it } from '@jest/globals';
import { startReportsServer } from '../../../src/conformance/reports-server.js';
import { systemClock } from '../../../src/core/clock.js';
import { Code } from '../../../src/core/status.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { createDatabase } from '../../helpers/postgres-database.js';
import { startNetwork } from '../../helpers/silent-network.js';

describe('a network that drops everything silently', () => {
  it('calls become UNAVAILABLE, and a server with work in progress closes', async () => {
    await using database = await createDatabase();
    await using network = await startNetwork(database.url);
    const store = postgresStore({ connectionString: network.url, queryTimeoutMs: 300, poolSize: 4 });
    const server = await startReportsServer({ clock: systemClock, store });
    const { name } = await server.inProcess.exportReport();
    const run = await server.exports.on(name);
    network.fallSilent();
    await expect(store.get(name)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    await server.kit.close({ graceMs: 0 });
    expect(run.context.signal.aborted).toBe(true);
    await server[Symbol.asyncDispose]();
  });
});
