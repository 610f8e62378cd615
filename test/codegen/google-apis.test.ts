import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { operationsPlugin } from '../../src/codegen/plugin.js';
import { complaints } from '../helpers/compiler.js';
import {
  compileModules,
  GOOGLE_MODULES,
  generateTypes,
  requestFor,
  workspace,
  writeResponse,
} from './buf.js';

const plugin = operationsPlugin('0.0.0');

/** Counts the methods that return an operation in the text of the files. */
function methodsInText(): number {
  const texts = GOOGLE_MODULES.flatMap(({ path }) =>
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.proto') && !file.endsWith('google/longrunning/operations.proto'))
      .map((file) => readFileSync(join(path, file), 'utf8')),
  );
  const methods = /returns\s*\(\s*\.?google\.longrunning\.Operation\s*\)/g;
  return texts.reduce((count, text) => count + (text.match(methods)?.length ?? 0), 0);
}

function filesOf({ file }: FileDescriptorSet): string[] {
  return file.map(({ name }) => name);
}

describe('protos of google-gax and @google-cloud/gkemulticloud', () => {
  const descriptors = compileModules(GOOGLE_MODULES);
  const request = requestFor(descriptors, filesOf(descriptors), 'import_extension=js');
  const began = process.cpuUsage();
  const response = plugin.run(request);
  const { user, system } = process.cpuUsage(began);

  it('finds every long-running method with its types', () => {
    const methods = response.file.flatMap(({ content }) => {
      const found = content.matchAll(
        /path: "(.+)",\n +request: (.+),\n +response: (.+),\n +metadata: (.+),/g,
      );
      return Array.from(found, ([, path, ...types]) => [path, ...types].join(' '));
    });
    expect(response.error).toBe('');
    expect(methods).toHaveLength(methodsInText());
    expect(methods.filter((method) => method.includes('AttachedClusters'))).toEqual([
      '/google.cloud.gkemulticloud.v1.AttachedClusters/CreateAttachedCluster CreateAttachedClusterRequest AttachedCluster OperationMetadata',
      '/google.cloud.gkemulticloud.v1.AttachedClusters/UpdateAttachedCluster UpdateAttachedClusterRequest AttachedCluster OperationMetadata',
      '/google.cloud.gkemulticloud.v1.AttachedClusters/ImportAttachedCluster ImportAttachedClusterRequest AttachedCluster OperationMetadata',
      '/google.cloud.gkemulticloud.v1.AttachedClusters/DeleteAttachedCluster DeleteAttachedClusterRequest Empty OperationMetadata',
    ]);
  });

  it('takes less than 3 s', () => {
    // CPU time, which other work on the machine does not affect.
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  it('generates code that compiles in strict mode beside that of ts-proto', async () => {
    using at = workspace();
    const files = writeResponse(at.dir, response);
    const sources = files.map((file) => file.replace('.operations.ts', '.proto'));
    generateTypes(descriptors, sources, at.dir);
    expect(await complaints(at.dir, files)).toBe('');
  });
});
