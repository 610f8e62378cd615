import { describe, expect, it } from '@jest/globals';
import 'longrunning/testing/jest';
import { Clusters } from './clusters.js';
import { fakeClusters } from './fakes.js';

describe('a server that cannot cancel', () => {
  it('the method cannot be cancelled: the application is told, and the work goes on', async () => {
    await using server = await fakeClusters();
    server.script({ methods: { CreateAttachedCluster: { durationMs: 500, onCancel: 'unimplemented' } } });
    await using clusters = new Clusters(server.address);
    await expect(clusters.thinkBetter('demo')).rejects.toHaveFailedWith('UNIMPLEMENTED');
    const [cancelling] = await server.whenCalled('CancelOperation');
    const outcome = await server.client.operation(String(cancelling?.request['name'])).wait();
    expect(outcome.state).toBe('succeeded');
  });

  it('it has no CancelOperation at all', async () => {
    await using server = await fakeClusters();
    server.inject('cancelUnimplemented');
    await using clusters = new Clusters(server.address);
    await expect(clusters.thinkBetter('demo')).rejects.toHaveFailedWith('UNIMPLEMENTED');
  });
});
