import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const root = join(__dirname, '../..');
const NAME = 'projects/example/locations/europe-west3/operations/[0-9a-f]{32}';

/** Output of an example, which must exit with 0 and print no errors. */
async function output(example: string): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`examples/${example}.ts`], {
    cwd: root,
  });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

describe('examples', () => {
  it('cancel: each of the three endings is told (contract 11, 12, 14)', async () => {
    expect(await output('cancel')).toEqual([
      'Plans: cancelled',
      '  cancellation was requested: true',
      'Figures: completed despite the cancellation: file:///reports/figures.pdf',
      '  cancellation was requested: true',
      'Minutes: failed: DATA_LOSS: half a report was left behind: delete it',
      '  cancellation was requested: true',
    ]);
  }, 300_000);

  it('resume: another process has the response', async () => {
    expect(await output('resume')).toEqual([
      expect.stringMatching(
        `^saved: {"name":"${NAME}","method":"/example.reports.v1.Reports/ExportReport"}$`,
      ),
      expect.stringMatching(`^another process waits for ${NAME}$`),
      'it has the response: file:///reports/Figures.pdf, 120 rows',
    ]);
  }, 300_000);

  it('progress: each state is drawn once, the end last (contract 40)', async () => {
    const lines = await output('progress');
    expect(lines.at(-1)).toBe('[####################] 100 % succeeded');
    const percents = lines.map((line) => Number(/\] (\d+) %/.exec(line)?.[1]));
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBeGreaterThan(2);
  }, 300_000);

  it('give-up: by time-out and by signal; the operation continues (contract 37, 38)', async () => {
    expect(await output('give-up')).toEqual([
      'gave up after 100 ms; last seen running',
      'gave up: the user left',
      'it is running; cancellation was requested: false',
      'waited again: succeeded',
    ]);
  }, 300_000);

  it("google: operations of Google's own client, and of a name", async () => {
    expect(await output('google')).toEqual([
      'update: succeeded: updated',
      'create: cancelled; requested: true',
      'by its name: cancelled',
    ]);
  }, 300_000);

  it('import the package by its name, as anybody would', () => {
    for (const file of readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = readFileSync(join(root, 'examples', file), 'utf8');
      expect({ file, imports: source.match(/from '(?:\.\.?\/)*(?:src|generated|test|dist)\/.*'/g) }).toEqual({
        file,
        imports: null,
      });
    }
  });
});
