import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openApiDocument } from '../../../src/gateway/openapi/document.js';
import type { OpenApiDocument } from '../../../src/gateway/openapi/objects.js';
import { readServices, type ServiceDescription } from '../../../src/gateway/openapi/service-description.js';
import type { RouteRule } from '../../../src/gateway/routing/route-rule.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';
import { loadSchema } from '../../../src/schema/index.js';
import { validateOpenApi } from '../../helpers/openapi-validator.js';
import { GKE_PROTOS, SPEECH_PROTOS } from '../../schema/proto-files.js';
import { thingsDescriptors } from '../things-server.js';

jest.setTimeout(300_000);

async function described(files: readonly string[], includeDir: string): Promise<ServiceDescription> {
  const { registry, annotationOf } = await loadSchema({ files, includeDirs: [includeDir] });
  return { descriptors: registry, annotationOf };
}

const APIS: readonly (readonly [string, () => ServiceDescription | Promise<ServiceDescription>])[] = [
  ['Operations alone', () => ({})],
  ['this package', () => ({ descriptors: readFileSync('generated/descriptors.binpb') })],
  ['all that a field can be', () => ({ descriptors: thingsDescriptors() })],
  [
    'GKE Multi-Cloud',
    () =>
      described(
        ['attached', 'aws', 'azure'].map((name) => `google/cloud/gkemulticloud/v1/${name}_service.proto`),
        GKE_PROTOS,
      ),
  ],
  ['Speech v1', () => described(['google/cloud/speech/v1/cloud_speech.proto'], SPEECH_PROTOS)],
  ['Speech v2', () => described(['google/cloud/speech/v2/cloud_speech.proto'], SPEECH_PROTOS)],
];

describe.each(APIS)('the OpenAPI document of %s', (_, load) => {
  let services: ServiceDescription;
  let document: OpenApiDocument;
  beforeAll(async () => {
    services = await load();
    document = openApiDocument(services);
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([httpMethod, operation]) => ({ path, httpMethod, operation })),
    );

  it('is valid OpenAPI 3.1', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(validateOpenApi(JSON.stringify(document))).toEqual({ valid: true });
  });

  it('resolves every reference and has no unused components', () => {
    const text = JSON.stringify(document);
    const referred = Array.from(
      text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g),
      ([, name]) => name,
    );
    expect([...new Set(referred)].sort()).toEqual(Object.keys(document.components.schemas).sort());
  });

  it('declares every path parameter once and has unique operation ids', () => {
    for (const { path, operation } of operations()) {
      const inPath = Array.from(path.matchAll(/\{([^}]+)\}/g), ([, name]) => name);
      const declared = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
      expect(declared.map(({ name }) => name)).toEqual(inPath);
      const all = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(all).size).toBe(all.length);
    }
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has a path for every rule, which is routed to it', () => {
    const { rules } = readServices(services);
    const routes = compileRoutes(rules as readonly RouteRule[]);
    const found = operations().map(({ path, httpMethod, operation }) => {
      const match = routes.match(httpMethod.toUpperCase(), path.replaceAll(/\{[^}]+\}/g, 'x'));
      const rule = 'route' in match ? rules[match.route] : undefined;
      expect(operation.operationId).toMatch(new RegExp(`_${rule?.method.name}\\d*$`));
      return rule;
    });
    expect(new Set(found)).toEqual(new Set(rules));
  });
});
