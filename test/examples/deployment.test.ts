import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { parseDurationMs } from '../../src/cli/options/options.js';
import { run } from '../cli/command-line.js';

const DOCUMENT = 'docs/deployment.md';
const text = readFileSync(DOCUMENT, 'utf8');

/** YAML under a heading. */
function yamlOf(heading: string): unknown[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
  return parseAllDocuments(yaml).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS();
  });
}

/** All values of a key, at any depth. */
function valuesOf(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...valuesOf(inner, key),
  ]);
}

function packagedDescriptors(): FileRegistry {
  const file = createRequire(import.meta.url).resolve('longrunning/descriptors');
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
}

describe(DOCUMENT, () => {
  it('Envoy: transcodes a service of the descriptor set, by a route for it to a cluster that is there', () => {
    const [config] = yamlOf('Envoy');
    const [services] = valuesOf(config, 'services') as string[][];
    const prefixes = valuesOf(config, 'prefix');
    for (const service of services ?? []) {
      expect(packagedDescriptors().getService(service)).toBeDefined();
      expect(prefixes).toContain(`/${service}/`);
    }
    const [cluster] = valuesOf(config, 'cluster');
    expect(valuesOf(config, 'cluster_name')).toEqual([cluster]);
    const [transcoder, router] = (valuesOf(config, 'http_filters') as { name: string }[][])[0] ?? [];
    expect([transcoder?.name, router?.name]).toEqual([
      'envoy.filters.http.grpc_json_transcoder',
      'envoy.filters.http.router',
    ]);
  });

  it('Envoy: the descriptor set carries the HTTP rules, and the types of error details', () => {
    const registry = packagedDescriptors();
    const extension = registry.getExtension('google.api.http');
    const methods = registry.getService('google.longrunning.Operations')?.methods ?? [];
    expect(methods).toHaveLength(5);
    const rules = methods.map((method) => {
      if (!extension?.message || !hasOption(method, extension)) throw new Error(`${method} has no rule`);
      return [method.name, toJson(extension.message, getOption(method, extension) as Message)];
    });
    expect(Object.fromEntries(rules)).toMatchObject({
      GetOperation: { get: '/v1/{name=projects/*/locations/*/operations/*}' },
      CancelOperation: { post: '/v1/{name=projects/*/locations/*/operations/*}:cancel', body: '*' },
    });
    expect(registry.getMessage(ErrorInfo.$type)).toBeDefined();
  });

  it('Kubernetes: both names lead to the port of the container, whose arguments the command line knows', async () => {
    const [service, deployment] = yamlOf('Kubernetes');
    const [ports] = valuesOf(service, 'ports') as { targetPort: string; appProtocol: string }[][];
    expect(ports?.map(({ appProtocol }) => appProtocol)).toEqual(['kubernetes.io/h2c', 'http']);
    const [container] =
      (valuesOf(deployment, 'containers') as { args: string[]; ports: object[] }[][])[0] ?? [];
    expect(container?.ports).toEqual([{ name: ports?.[0]?.targetPort, containerPort: 50051 }]);
    const { stdout: help } = await run(['serve', '--help']);
    for (const option of container?.args.filter((argument) => argument.startsWith('--')) ?? []) {
      expect(help).toContain(`${option} `);
    }
    const graceMs = parseDurationMs(String(container?.args.at(-1))) ?? Number.NaN;
    const [patience] = valuesOf(deployment, 'terminationGracePeriodSeconds') as number[];
    expect(patience).toBeGreaterThan(graceMs / 1000 + 5);
  });
});
