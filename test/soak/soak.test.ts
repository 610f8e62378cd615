import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { soak } from './soak.ts';
import { measureStalls } from './stalls.ts';

/** What used to block the event loop for a second; a busy machine takes its time, too. */
const STALL_MS = 400;

describe('soak', () => {
  it('no request blocks the event loop: filters, pages, scripts, OpenAPI, reflection, hostile bodies', async () => {
    const stalls = await measureStalls(join(__dirname, 'server.ts'));
    expect(Object.entries(stalls).filter(([, delayMs]) => delayMs > STALL_MS)).toEqual([]);
  });

  it('2,000 honest clients, faults and hostile input side by side: nobody honest notices, nothing is left', async () => {
    const module = join(__dirname, 'server.ts');
    const report = await soak({ durationMs: 60_000, clients: 2000, module });
    expect(report.unexpected).toEqual([]);
    expect(report.lives).toBeGreaterThan(100);
    expect(report.growth).toBeLessThan(1.1);
    expect(report.exit).toBe(0);
  });
});
