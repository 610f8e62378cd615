import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MEMORY_ATTACKS } from '../helpers/memory-attacks.js';
import { type ProtoFiles, protoFiles } from '../schema/proto-files.js';
import { Serving } from './command-line.js';

jest.setTimeout(300_000);

const AUTH = 'tokens:\n  - { token: secret, principal: "user:ada@example.com" }\n';
const MOST_MB = 300;
/** Fraction of the full size. The figures of SECURITY.md are measured with 1. */
const SCALE = 0.2;
const ATTACK_MS = 1500;

describe('serve --auth with default limits, attacked by clients without credentials', () => {
  let files: ProtoFiles;
  let serving: Serving;
  beforeAll(async () => {
    files = protoFiles({ 'auth.yaml': AUTH });
    serving = await Serving.start(['--auth', files.path('auth.yaml')]);
  });
  afterAll(async () => {
    await serving[Symbol.asyncDispose]();
    files[Symbol.dispose]();
  });

  const megabytes = () => {
    const rss = execFileSync('ps', ['-o', 'rss=', '-p', String(serving.child.pid)]);
    return Number(String(rss)) / 1024;
  };
  const ask = async () => {
    const headers = { authorization: 'Bearer secret' };
    const answer = await fetch(`http://${serving.address}/v1/operations/none`, { headers });
    return answer.status;
  };

  it.each(Object.entries(MEMORY_ATTACKS))('%s', async (_, attack) => {
    const before = megabytes();
    const signal = AbortSignal.timeout(ATTACK_MS);
    const attacked = attack({ port: Number(serving.address.split(':')[1]), scale: SCALE, signal });
    let most = before;
    while (!signal.aborted) {
      expect(await ask()).toBe(404);
      most = Math.max(most, megabytes());
    }
    await attacked;
    expect(most - before).toBeLessThan(MOST_MB);
    expect(await ask()).toBe(404);
  });
});
