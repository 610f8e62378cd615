import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { release, unreleased } from '../../scripts/changelog.js';

const SCRIPT = resolve('scripts/release.ts');
const CHANGELOG =
  '# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 9.9.8 (2026-01-02)\n\n- Older.\n';

describe('changelog', () => {
  it('what is not yet released is the part under its heading', () => {
    expect(unreleased(CHANGELOG)).toBe('### Added\n\n- A thing.');
  });

  it('nothing new: refused', () => {
    expect(() => unreleased('# Changelog\n\n## Unreleased\n\n## 1.0.0\n\n- Old.\n')).toThrow(
      'tells of nothing',
    );
  });

  it('a release dates it, and leaves room for the next', () => {
    expect(release(CHANGELOG, '9.9.9', '2026-02-03')).toBe(
      '# Changelog\n\n## Unreleased\n\n## 9.9.9 (2026-02-03)\n\n### Added\n\n- A thing.\n\n## 9.9.8 (2026-01-02)\n\n- Older.\n',
    );
  });
});

describe('npm run release --dry-run', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'longrunning-release-'));
    const scripts = { release: `"${process.execPath}" "${SCRIPT}"` };
    const files = { 'package.json': { name: 'things', version: '9.9.9', files: ['a.txt'], scripts } };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(directory, name), JSON.stringify(content));
    }
    writeFileSync(join(directory, 'a.txt'), 'a');
    writeFileSync(join(directory, 'CHANGELOG.md'), CHANGELOG);
    git('init', '--quiet');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'All');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function git(...args: string[]): void {
    const { status, stderr } = spawnSync('git', args, { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }

  function dryRun(): SpawnSyncReturns<string> {
    return spawnSync('npm', ['run', '--silent', 'release', '--dry-run'], {
      cwd: directory,
      encoding: 'utf8',
    });
  }

  it('tells version, changes and files, and changes nothing', () => {
    const { stdout, status } = dryRun();
    expect(stdout).toMatch(
      /^things 9\.9\.9\n\n### Added\n\n- A thing\.\n\nthings-9\.9\.9\.tgz, \d+ bytes:\n/,
    );
    expect(stdout).toContain('       1  a.txt\n');
    expect(stdout).toContain('Nothing was published: this was a dry run.');
    expect(status).toBe(0);
    expect(readFileSync(join(directory, 'CHANGELOG.md'), 'utf8')).toBe(CHANGELOG);
  });

  it('changes that are not committed: refused', () => {
    writeFileSync(join(directory, 'a.txt'), 'b');
    const { stderr, status } = dryRun();
    expect(stderr).toContain('Not released: the tree has changes that are not committed:\n M a.txt');
    expect(status).toBe(1);
  });

  it('a version that has its tag: refused', () => {
    git('tag', 'v9.9.9');
    const { stderr, status } = dryRun();
    expect(stderr).toContain('Not released: 9.9.9 was released already: raise the version in package.json');
    expect(status).toBe(1);
  });
});
