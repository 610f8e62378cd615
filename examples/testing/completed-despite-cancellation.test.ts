import { describe, expect, it } from '@jest/globals';
import { Clusters } from './clusters.js';
import { fakeClusters } from './fakes.js';

describe('a cancellation that comes too late', () => {
  it('leaves a cluster behind, as the application tells', async () => {
    await using server = await fakeClusters();
    server.script({ methods: { CreateAttachedCluster: { durationMs: 100, onCancel: 'ignore' } } });
    await using clusters = new Clusters(server.address);
    expect(await clusters.thinkBetter('demo')).toBe('attached all the same');
  });

  it('the same, driven by hand: the end comes after the request', async () => {
    await using server = await fakeClusters();
    const operation = await server.createOperation({ startedBy: 'CreateAttachedCluster' });
    await using clusters = new Clusters(server.address);
    const told = clusters.thinkBetter('demo');
    await operation.cancelRequested;
    await operation.succeed({ '@type': 'google.cloud.gkemulticloud.v1.AttachedCluster', name: 'demo' });
    expect(await told).toBe('attached all the same');
  });
});
