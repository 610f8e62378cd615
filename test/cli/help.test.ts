import { describe, expect, it } from '@jest/globals';
import { run } from './command-line.js';

const COMMANDS = [
  'start',
  'get',
  'list',
  'wait',
  'watch',
  'cancel',
  'delete',
  'serve',
  'init-script',
  'openapi',
  'completion',
];

describe('help', () => {
  it('of the program fits on one screen, and groups all commands by task', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const listed = lines.flatMap((line) => /^ {2}([a-z-]+)/.exec(line)?.[1] ?? []);
    expect(listed).toEqual([...COMMANDS, 'help']);
    expect(lines.filter((line) => /^\S.*:$/.test(line))).toEqual([
      'Work with operations:',
      'Serve and describe:',
      'Shell:',
    ]);
  });

  it.each(COMMANDS)('of %s shows an example and the exit codes', async (command) => {
    const { code, stdout } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Example:\n {2}.*longrunning ${command}`, 'm'));
    expect(stdout).toMatch(/^Exit codes:\n {2}0 {2}succeeded/m);
  });

  it('is printed for the program without a command, and by `help COMMAND`', async () => {
    expect(await run([])).toMatchObject({ stderr: expect.stringContaining('Work with operations:') });
    expect(await run(['help', 'wait'])).toMatchObject({
      stdout: expect.stringContaining('Usage: longrunning wait'),
    });
  });
});
