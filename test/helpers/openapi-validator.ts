import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VALIDATOR = 'node_modules/@seriousme/openapi-schema-validator/bin/validate-api-cli.js';

/**
 * Validator output for an OpenAPI document in JSON or YAML. Runs in a separate process because Jest cannot load
 * it.
 */
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
