import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VALIDATOR = 'node_modules/@seriousme/openapi-schema-validator/bin/validate-api-cli.js';

/** What the validator says of an OpenAPI document, in JSON or YAML. In a process of its own, as Jest cannot load it. */
export function validateOpenApi(text: string): unknown {
  const dir = mkdtempSync(join(tmpdir(), 'longrunning-openapi-'));
  try {
    const file = join(dir, 'openapi');
    writeFileSync(file, text);
    const { stdout, stderr } = spawnSync(process.execPath, [VALIDATOR, file], { encoding: 'utf8' });
    return stdout === '' ? stderr : JSON.parse(stdout);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
