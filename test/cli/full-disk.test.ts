import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { grpcOperations } from '../../src/conformance/grpc-operations.js';
import { rejection } from '../../src/conformance/kit-error.js';
import { Code } from '../../src/core/status.js';

const MAIN = join(__dirname, '../../dist/src/cli/main.js');
/** Every write to it fails with ENOSPC. */
const FULL = openSync('/dev/full', 'w');

describe('on a full disk', () => {
  it('a server continues without its log', async () => {
    const args = ['serve', '--address', '127.0.0.1:0', '--log-level', 'debug'];
    const server = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', FULL] });
    const ended = once(server, 'exit');
    const [line] = await once(server.stdout as NodeJS.ReadableStream, 'data');
    const address = /listening on (\S+)/.exec(String(line))?.[1] ?? '';
    using api = grpcOperations(address);
    // Each call has a line in the log.
    for (let call = 0; call < 3; call++) {
      expect(await rejection(api.getOperation({ name: 'operations/1' }))).toMatchObject({
        code: Code.NOT_FOUND,
      });
    }
    server.kill('SIGTERM');
    const [code] = await ended;
    expect(code).toBe(0);
  });

  it('a command reports in one line that its output cannot be written', async () => {
    const command = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', FULL, 'pipe'] });
    let stderr = '';
    (command.stderr as NodeJS.ReadableStream).on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(command, 'close');
    expect({ code, lines: stderr.trim().split('\n') }).toEqual({
      code: 6,
      lines: [expect.stringContaining('output cannot be written: ENOSPC')],
    });
  });
});
