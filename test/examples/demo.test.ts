import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const root = join(__dirname, '../..');

describe('demo', () => {
  it('the GKE client creates, cancels and reads back: every expectation is met (contract 11, 12, 14, 15)', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['examples/demo.ts'], {
      cwd: root,
    });
    expect(stdout).toContain('Everything is as expected.');
    expect(stdout).not.toContain('✗');
    expect(stderr).toBe('');
  }, 300_000);
});
