import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageType } from '../../src/core/operation-method.js';
import { messageType } from '../../src/schema/dynamic-message.js';
import { loadSchema } from '../../src/schema/index.js';

const NAME = 'acme.jobs.v1.JobMetadata';
const TS_PROTO = 'esModuleInterop=true,env=node,importSuffix=.js,outputTypeAnnotations=static-only';

/**
 * Returns the codec that ts-proto generates for the metadata of `jobs.proto`, with additional options.
 *
 * @param oneof - representation of oneofs.
 */
export async function generatedCodec(options = '', oneof = 'unions-value'): Promise<MessageType<unknown>> {
  // Below the project root, so that the generated code finds its imports.
  const dir = mkdtempSync(join(process.cwd(), 'test', 'filter', 'generated-'));
  try {
    mkdirSync(join(dir, 'protos'));
    copyFileSync('test/filter/jobs.proto', join(dir, 'protos', 'jobs.proto'));
    const opt = [TS_PROTO, `oneof=${oneof}`, options].filter(Boolean).join(',');
    const plugin = {
      local: 'node_modules/.bin/protoc-gen-ts_proto',
      out: dir,
      include_imports: true,
      include_wkt: true,
      opt,
    };
    const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
    execFileSync('node_modules/.bin/buf', ['generate', join(dir, 'protos'), '--template', template]);
    const generated = (await import(join(dir, 'jobs.ts'))) as { JobMetadata: MessageType<unknown> };
    return generated.JobMetadata;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Returns a codec built from the descriptor. */
export async function dynamicCodec(): Promise<MessageType<unknown>> {
  const { registry } = await loadSchema({ files: ['jobs.proto'], includeDirs: ['test/filter'] });
  const descriptor = registry.getMessage(NAME);
  if (!descriptor) throw new Error(`jobs.proto has no ${NAME}`);
  return messageType(descriptor, registry);
}
