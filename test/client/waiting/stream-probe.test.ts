import { describe, expect, it } from '@jest/globals';
import { type ProbedConnection, probeStreams } from '../../../src/client/waiting/stream-probe.js';
import { rejection } from '../../../src/testing/conformance/kit-error.js';
import { manualClock, settled } from '../../../src/testing/manual-clock.js';

const never = () => new Promise<never>(() => {});
const connection: ProbedConnection = { ready: async () => {}, ask: never, askElsewhere: never };

describe('a probe of a connection', () => {
  it.each<[string, Partial<ProbedConnection>]>([
    ['ready', { ready: () => Promise.reject(new Error('boom')) }],
    ['ask', { ask: () => Promise.reject(new Error('boom')) }],
  ])('that fails with whatever error, by %s, has learnt nothing (contract 42)', async (_, failing) => {
    const { signal } = new AbortController();
    expect(await probeStreams({ ...connection, ...failing }, manualClock(), signal)).toBe('unknown');
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const probing = rejection(probeStreams(connection, manualClock(), controller.signal));
    await settled();
    controller.abort('closed');
    expect(await probing).toBe('closed');
  });
});
