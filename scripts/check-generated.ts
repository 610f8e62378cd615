// Fails if `generated/` differs from the output of `npm run generate`.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fresh = mkdtempSync(join(tmpdir(), 'generated-'));
try {
  execFileSync('buf', ['generate', '-o', fresh], { stdio: 'inherit' });
  const generated = join(fresh, 'generated');
  execFileSync(process.execPath, ['scripts/build-descriptors.ts', generated], { stdio: 'inherit' });
  const made = filesOf(generated);
  const committed = filesOf('generated');
  const stale = [...new Set([...made.keys(), ...committed.keys()])].filter(
    (file) => !made.get(file)?.equals(committed.get(file) ?? Buffer.alloc(0)),
  );
  if (stale.length > 0) {
    console.error(`generated/ is not fresh: run \`npm run generate\` and commit it\n  ${stale.join('\n  ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true });
}

function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
}
