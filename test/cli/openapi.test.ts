import { readFileSync } from 'node:fs';
import { describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { openApiDocument } from '../../src/gateway/openapi/document.js';
import { validateOpenApi } from '../helpers/openapi-validator.js';
import { JOBS_PROTO, run } from './command-line.js';

// Every command is a separate process, which is slow on a busy machine.
jest.setTimeout(300_000);

const DESCRIPTORS = 'generated/descriptors.binpb';
const exampleDocument = () =>
  JSON.parse(JSON.stringify(openApiDocument({ descriptors: readFileSync(DESCRIPTORS) })));

describe('longrunning openapi', () => {
  it('prints a valid document of the example service', async () => {
    const { code, stdout, stderr } = await run(['openapi']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(exampleDocument());
    expect(validateOpenApi(stdout)).toEqual({ valid: true });
  });

  it('--yaml prints the same as YAML', async () => {
    const { stdout } = await run(['openapi', '--yaml']);
    expect(parse(stdout)).toEqual(exampleDocument());
    expect(validateOpenApi(stdout)).toEqual({ valid: true });
  });

  it('--proto names other services, --service-config other rules', async () => {
    const config = ['--service-config', 'test/cli/fixtures/jobs-rules.yaml'];
    const { stdout } = await run(['openapi', ...JOBS_PROTO, ...config]);
    const { paths } = JSON.parse(stdout) as ReturnType<typeof openApiDocument>;
    expect(paths['/v3/jobs:succeed']?.post?.operationId).toBe('Jobs_Succeed');
  });

  it('--descriptors names a descriptor set', async () => {
    const { stdout } = await run(['openapi', '--descriptors', DESCRIPTORS]);
    expect(JSON.parse(stdout)).toEqual(exampleDocument());
  });

  it.each([
    [['--descriptors', 'missing.binpb'], 'the descriptor set cannot be read'],
    [['--descriptors', 'jest.config.js'], 'not a complete FileDescriptorSet'],
    [['--descriptors', DESCRIPTORS, ...JOBS_PROTO], 'cannot be used with'],
    [['--service-config', 'missing.yaml'], 'the service config cannot be read'],
    [['--service-config', 'jest.config.js'], 'jest.config.js'],
    [['--proto', 'missing.proto'], '"missing.proto" does not exist'],
  ])('%j is wrong usage: exit code 2', async (args, advice) => {
    const { code, stdout, stderr } = await run(['openapi', ...args]);
    expect(stderr).toContain(advice);
    expect([code, stdout]).toEqual([2, '']);
  });
});
