import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const TESTING = pathToFileURL(resolve('dist/src/testing/index.js')).href;
/** Prints the milliseconds that the first server of a process takes. */
const PROGRAM = `
  import { startTestServer } from ${JSON.stringify(TESTING)};
  const before = process.cpuUsage();
  const server = await startTestServer();
  const { user, system } = process.cpuUsage(before);
  await server.close();
  console.log((user + system) / 1000);`;

async function startUpMs(): Promise<number> {
  const args = ['--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}

describe('startTestServer', () => {
  it('is up within 50 ms of the import, the first of a process', async () => {
    // Of the processor: on a busy machine others have it in between. What is shared with them, its caches, tells in
    // one run or another; so one of several has to do.
    const took: number[] = [];
    do took.push(await startUpMs());
    while (Math.min(...took) >= 50 && took.length < 10);
    expect(Math.min(...took)).toBeLessThan(50);
  });
});
