import { describe, expect, it } from '@jest/globals';
import 'longrunning/testing/jest';
import { Clusters } from './clusters.js';
import { fakeClusters } from './fakes.js';

describe('a cancellation that the server obeys', () => {
  it('is told from other endings', async () => {
    await using server = await fakeClusters();
    server.script({ methods: { CreateAttachedCluster: { durationMs: 600_000 } } });
    await using clusters = new Clusters(server.address);

    expect(await clusters.thinkBetter('demo')).toBe('cancelled');

    const { operations } = await server.client.listOperations({ name: 'projects/demo/locations/us-west1' });
    expect(operations).toHaveLength(1);
    expect(operations[0]).toBeCancelled();
  });
});
