import { describe, expect, it } from '@jest/globals';
import { openApiDocument } from '../../../src/gateway/openapi/document.js';
import type { OpenApiDocument } from '../../../src/gateway/openapi/objects.js';
import { loadSchema } from '../../../src/schema/index.js';
import { protoFiles } from '../../schema/proto-files.js';

/** Document of a service whose methods have these rules, by method name. */
async function documentOf(
  rules: Readonly<Record<string, string>>,
  service = 'Jobs',
): Promise<OpenApiDocument> {
  const methods = Object.entries(rules).map(
    ([name, rule]) => `rpc ${name}(Thing) returns (Thing) { option (google.api.http) = { ${rule} }; }`,
  );
  using files = protoFiles({
    'jobs.proto': `
      syntax = "proto3";
      package acme.jobs.v2beta1;
      import "google/api/annotations.proto";
      import "google/protobuf/wrappers.proto";
      service ${service} { ${methods.join('\n')} }
      message Thing {
        string name = 1;
        string other_name = 2;
        Inner inner = 3;
        google.protobuf.Int64Value size = 4;
        repeated Inner inners = 5;
        map<string, string> labels = 6;
        google.protobuf.BoolValue flag = 7;
      }
      message Inner { string id = 1; Thing thing = 2; Inner inner = 3; }
    `,
  });
  const { registry, annotationOf } = await loadSchema({ files: [files.path('jobs.proto')] });
  return openApiDocument({ descriptors: registry, annotationOf, scopes: [] });
}

/** Paths of the service only, because the protos also contain Operations. */
async function pathsOf(rules: Readonly<Record<string, string>>): Promise<string[]> {
  const { paths } = await documentOf(rules);
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { tags }]) => tags.includes('acme.jobs.v2beta1.Jobs'))
      .map(([httpMethod, { operationId }]) => `${httpMethod} ${path} ${operationId}`),
  );
}

describe('paths of an OpenAPI document', () => {
  it.each([
    ['/v1/{name=projects/*/locations/*}', '/v1/projects/{projectsId}/locations/{locationsId}'],
    ['/v1/{name=projects/*}:cancel', '/v1/projects/{projectsId}:cancel'],
    ['/v2/{name=operations/**}', '/v2/operations/{operationsId}'],
    ['/v1/{name=**}', '/v1/{name}'],
    ['/v1/{name}', '/v1/{name}'],
    ['/v1/{other_name}', '/v1/{otherName}'],
    ['/v1/{inner.id=jobs/*}/{name}', '/v1/jobs/{jobsId}/{name}'],
    ['/v1/{inner.id}/{name=*/x/*}', '/v1/{inner.id}/{name}/x/{xId}'],
    ['/v1/{name=projects/*/*}', '/v1/projects/{projectsId}/{name}'],
    ['/v1/{name=a/*}/{other_name=a/*}', '/v1/a/{aId}/a/{aId1}'],
    ['/v1/{name=*/*/*}', '/v1/{name}/{name1}/{name2}'],
    ['/v1/{name=node-pools/*}', '/v1/node-pools/{nodePoolsId}'],
    ['/v1/{name=~/*}', '/v1/~/{name}'],
    ['/v1/jobs/*/**', '/v1/jobs/{jobsId}/{segment}'],
    ['/v1/{name=a/**}/tail', '/v1/a/{aId}/tail'],
  ])('%s becomes %s', async (template, path) => {
    expect(await pathsOf({ Get: `get: "${template}"` })).toEqual([`get ${path} Jobs_Get`]);
  });

  it('merges rules of the same shape into one path, with the variable names of the first', async () => {
    const paths = await pathsOf({ Get: 'get: "/v1/{name=jobs/*}"', Drop: 'delete: "/v1/jobs/{other_name}"' });
    expect(paths).toEqual(['get /v1/jobs/{jobsId} Jobs_Get', 'delete /v1/jobs/{jobsId} Jobs_Drop']);
  });

  it('verbs and literals make separate paths', async () => {
    const rules = { Get: 'get: "/v1/{name}"', Run: 'get: "/v1/{name}:run"', Show: 'get: "/v2/{name}"' };
    expect(await pathsOf(rules)).toEqual([
      'get /v1/{name} Jobs_Get',
      'get /v1/{name}:run Jobs_Run',
      'get /v2/{name} Jobs_Show',
    ]);
  });

  it('assigns a path to the matching rule if * and ** would produce the same one', async () => {
    const rules = { Deep: 'get: "/v1/{name=jobs/**}"', Get: 'get: "/v1/{name=jobs/*}"' };
    const { paths } = await documentOf(rules);
    expect(paths['/v1/jobs/{jobsId}']?.get).toMatchObject({
      operationId: 'Jobs_Get',
      description: expect.stringContaining('GET /v1/{name=jobs/**}'),
    });
  });

  it('additional bindings are separate operations', async () => {
    const rules = { Get: 'get: "/v1/{name}" additional_bindings { get: "/v1/x/{name}" }' };
    expect(await pathsOf(rules)).toEqual(['get /v1/{name} Jobs_Get', 'get /v1/x/{name} Jobs_Get2']);
  });

  it('includes the package in operation ids if services have the same name', async () => {
    const { paths } = await documentOf({ Get: 'get: "/v1/{name}"' }, 'Operations');
    expect(paths['/v1/{name}']?.get?.operationId).toBe('acme_jobs_v2beta1_Operations_Get');
    expect(paths['/v1/operations']?.get?.operationId).toBe('google_longrunning_Operations_ListOperations2');
  });

  it('expands a rule for any method to every method without a rule', async () => {
    const rules = { Any: 'custom { kind: "*" path: "/v1/{name}" }', Put: 'put: "/v1/{name}"' };
    const methods = (await pathsOf(rules)).map((path) =>
      path.replace(/^(\w+) .* Jobs_([A-Za-z]+)\d*$/, '$1 $2'),
    );
    expect(methods).toEqual(['get Any', 'put Put', 'post Any', 'delete Any', 'patch Any']);
  });

  it('omits methods that OpenAPI does not define, and includes HEAD', async () => {
    const rules = {
      Find: 'custom { kind: "SEARCH" path: "/v1/{name}" }',
      Peek: 'custom { kind: "HEAD" path: "/v1/{name}" }',
    };
    expect(await pathsOf(rules)).toEqual(['head /v1/{name} Jobs_Peek']);
  });
});

describe('Operations in an OpenAPI document', () => {
  const { paths } = openApiDocument();
  const parameter = (path: string, name: string) =>
    paths[path]?.get?.parameters?.find((each) => each.name === name)?.schema;

  it('describes a rule whose last wildcard may be empty, unless another rule has that path', () => {
    expect(Object.keys(paths['/v1/operations'] ?? {})).toEqual(['get', 'delete']);
    expect(paths['/v1/operations']?.get?.summary).toBe('google.longrunning.Operations.ListOperations');
    expect(paths['/v1/operations']?.delete).toMatchObject({
      operationId: 'Operations_DeleteOperation3',
      summary: 'google.longrunning.Operations.DeleteOperation',
    });
    expect(paths).not.toHaveProperty('/v1/operations:cancel');
  });

  it('excludes negative page sizes, partial success and negative timeouts', () => {
    expect(parameter('/v1/operations', 'pageSize')).toMatchObject({ type: 'integer', minimum: 0 });
    expect(parameter('/v1/operations', 'returnPartialSuccess')).toBeUndefined();
    const wait = Object.entries(paths).find(([path]) => path.endsWith(':wait'))?.[1].post?.requestBody;
    const pattern = new RegExp(wait?.content['application/json'].schema.properties?.timeout?.pattern ?? '^$');
    expect(['0s', '1.5s', '-1s', '1.1111111111s'].map((text) => pattern.test(text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('accepts the same path segments as the gateway', () => {
    const patternOf = (path: string, name: string) => new RegExp(parameter(path, name)?.pattern ?? '^$', 'u');
    const id = patternOf('/v1/operations/{operationsId}', 'operationsId');
    for (const text of ['a', 'a b', ' a', 'é', '...', 'a/b'])
      expect([text, id.test(text)]).toEqual([text, true]);
    for (const text of ['', '.', '..', 'a\n', '\0', '\x7f', '\x85', 'a ', 'a\ufeff', '\ufffd']) {
      expect([text, id.test(text)]).toEqual([text, false]);
    }
    const project = patternOf('/v1/projects/{projectsId}/locations/{locationsId}/operations', 'projectsId');
    expect([' a', 'a/b', 'a\n'].map((text) => project.test(text))).toEqual([true, false, false]);
  });
});

describe('parameters of an OpenAPI document', () => {
  const parametersOf = async (rule: string) => {
    const { paths } = await documentOf({ Get: rule });
    const item = Object.values(paths).find(({ get, post }) =>
      (get ?? post)?.tags.includes('acme.jobs.v2beta1.Jobs'),
    );
    const { parameters = [] } = item?.get ?? item?.post ?? {};
    return parameters.map((parameter) => `${parameter.in} ${parameter.name} ${parameter.schema.type}`);
  };

  it('the query contains fields outside the path: scalars at any depth, recursive messages once', async () => {
    expect(await parametersOf('get: "/v1/{inner.id}"')).toEqual([
      'path inner.id string',
      'query name string',
      'query otherName string',
      'query size string',
      'query flag boolean',
    ]);
    expect(await parametersOf('get: "/v1/{name}"')).toEqual([
      'path name string',
      'query otherName string',
      'query inner.id string',
      'query size string',
      'query flag boolean',
    ]);
  });

  it('a field as body leaves the other fields to the query; a whole-message body leaves none', async () => {
    expect(await parametersOf('post: "/v1/{name}" body: "inner"')).toEqual([
      'path name string',
      'query otherName string',
      'query size string',
      'query flag boolean',
    ]);
    expect(await parametersOf('post: "/v1/{name}" body: "*"')).toEqual(['path name string']);
  });

  it('a path variable of one segment has the type of its field', async () => {
    expect(await parametersOf('post: "/v1/{flag}/{size}" body: "*"')).toEqual([
      'path flag boolean',
      'path size string',
    ]);
  });
});

describe('the info section of an OpenAPI document', () => {
  it('names the services and the package version', async () => {
    const { info, tags, security, components } = await documentOf({ Get: 'get: "/v1/{name}"' });
    expect(info.title).toContain('Jobs');
    expect(tags.map(({ name }) => name)).toContain('acme.jobs.v2beta1.Jobs');
    expect([security, components.securitySchemes]).toEqual([[], {}]);
  });

  it('requires the cloud-platform scope, as a token or by OAuth 2.0', () => {
    const { security, components, info } = openApiDocument({ title: 'Mine', version: '1.2' });
    const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
    expect(security).toEqual([{ bearer: scopes }, { oauth2: scopes }]);
    expect(Object.keys(components.securitySchemes)).toEqual(['bearer', 'oauth2']);
    expect(info).toEqual({ title: 'Mine', version: '1.2' });
  });
});
