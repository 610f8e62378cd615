import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import { HttpRuleError } from '../../../src/gateway/index.js';
import { compileRoutes } from '../../../src/gateway/routing/router.js';
import { readHttpRules } from '../../../src/gateway/rules/http-rules.js';
import { loadSchema } from '../../../src/schema/index.js';
import { GKE_PROTOS } from '../../schema/proto-files.js';

const OPERATIONS = 'google.longrunning.Operations';
const REPORTS = 'example.reports.v1.Reports';
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync('generated/descriptors.binpb')),
);

/** Formats rules as `Method: GET /template body=*`, one per line. */
function rulesOf(text?: string, annotationOf?: () => unknown): string[] {
  const rules = readHttpRules({
    registry,
    ...(text !== undefined && { serviceConfig: { file: 'acme.yaml', text } }),
    ...(annotationOf && { annotationOf }),
  });
  return rules.map(({ method, httpMethod, template, body, responseBody }) => {
    const bodies = [body && ` body=${body}`, responseBody && ` response=${responseBody}`];
    return [`${method.name}: ${httpMethod} ${template}`, ...bodies].join('');
  });
}

/** Configuration with rules for GetOperation, each written as `{…}` in YAML. */
const getOperation = (...rules: string[]) =>
  ['http:', '  rules:', ...rules.map((rule) => `  - { selector: ${OPERATIONS}.GetOperation, ${rule} }`)].join(
    '\n',
  );
const gets = (rules: readonly string[]) =>
  rules.filter((rule) => rule.startsWith('GetOperation: ')).map((rule) => rule.slice(14));

/** Rules of the GKE Multi-Cloud API for operations, with other settings of such a file. */
const MULTI_CLOUD = `
type: google.api.Service
config_version: 3
name: gkemulticloud.googleapis.com
apis:
- name: google.cloud.gkemulticloud.v1.AwsClusters
- name: ${OPERATIONS}
documentation:
  rules:
  - selector: google.cloud.location.Locations.GetLocation
    description: Gets information about a location.
http:
  rules:
  - selector: google.cloud.location.Locations.GetLocation
    get: '/v1/{name=projects/*/locations/*}'
  - selector: ${OPERATIONS}.CancelOperation
    post: '/v1/{name=projects/*/locations/*/operations/*}:cancel'
    body: '*'
  - selector: ${OPERATIONS}.DeleteOperation
    delete: '/v1/{name=projects/*/locations/*/operations/*}'
  - selector: ${OPERATIONS}.GetOperation
    get: '/v1/{name=projects/*/locations/*/operations/*}'
  - selector: ${OPERATIONS}.ListOperations
    get: '/v1/{name=projects/*/locations/*}/operations'
authentication:
  rules:
  - selector: 'google.cloud.gkemulticloud.v1.AwsClusters.*'
    oauth:
      canonical_scopes: |-
        https://www.googleapis.com/auth/cloud-platform
`;

describe('HTTP rules of annotations', () => {
  it('include every unary RPC with its additional bindings', () => {
    expect(rulesOf()).toEqual([
      'ListOperations: GET /v1/{name=projects/*/locations/*}/operations',
      'ListOperations: GET /v1/{name=operations}',
      'GetOperation: GET /v1/{name=projects/*/locations/*/operations/*}',
      'GetOperation: GET /v1/{name=operations/**}',
      'DeleteOperation: DELETE /v1/{name=projects/*/locations/*/operations/*}',
      'DeleteOperation: DELETE /v1/{name=operations/**}',
      'CancelOperation: POST /v1/{name=projects/*/locations/*/operations/*}:cancel body=*',
      'CancelOperation: POST /v1/{name=operations/**}:cancel body=*',
      'WaitOperation: POST /v1/{name=projects/*/locations/*/operations/*}:wait body=*',
      'ExportReport: POST /v1/{parent=projects/*/locations/*}/reports:export body=*',
      'PurgeReports: POST /v1/{parent=projects/*/locations/*}/reports:purge body=*',
    ]);
  });

  it('compile to a routing table', () => {
    const rules = readHttpRules({ registry });
    const match = compileRoutes(rules).match('POST', '/v1/operations/7:cancel');
    if (!('route' in match)) throw new Error('no route');
    expect(rules[match.route]?.method.name).toBe('CancelOperation');
    expect(match.bindings).toEqual({ name: 'operations/7' });
  });

  it('may be read from another source if the descriptors have lost them', () => {
    expect(rulesOf(undefined, () => undefined)).toEqual([]);
    expect(() => rulesOf(undefined, () => ({ get: '/v1' }))).toThrow(
      `rule of ${OPERATIONS}.GetOperation: GET "/v1" matches the same requests as rule of ${OPERATIONS}.ListOperations: remove one`,
    );
  });

  it('are empty if the descriptors lack google.api.http', () => {
    expect(readHttpRules({ registry: createFileRegistry() })).toEqual([]);
  });
});

describe('HTTP rules of a service configuration', () => {
  it('replace the annotations of the selected RPCs; unknown services are ignored', () => {
    expect(rulesOf(MULTI_CLOUD)).toEqual([
      'ListOperations: GET /v1/{name=projects/*/locations/*}/operations',
      'GetOperation: GET /v1/{name=projects/*/locations/*/operations/*}',
      'DeleteOperation: DELETE /v1/{name=projects/*/locations/*/operations/*}',
      'CancelOperation: POST /v1/{name=projects/*/locations/*/operations/*}:cancel body=*',
      'WaitOperation: POST /v1/{name=projects/*/locations/*/operations/*}:wait body=*',
      'ExportReport: POST /v1/{parent=projects/*/locations/*}/reports:export body=*',
      'PurgeReports: POST /v1/{parent=projects/*/locations/*}/reports:purge body=*',
    ]);
  });

  it('may be JSON, with JSON field names', () => {
    const additionalBindings = [{ custom: { kind: '*', path: '/v3/{name=**}' }, responseBody: 'metadata' }];
    const rule = { selector: `${OPERATIONS}.GetOperation`, get: '/v2/{name=**}', additionalBindings };
    expect(gets(rulesOf(JSON.stringify({ http: { rules: [rule] } })))).toEqual([
      'GET /v2/{name=**}',
      '* /v3/{name=**} response=metadata',
    ]);
  });

  it.each(['{}', 'name: acme', 'http:', 'http: {}', 'http: { rules: }', 'http: { rules: [] }'])(
    '%j defines no rules: annotations apply',
    (text) => {
      expect(rulesOf(text)).toEqual(rulesOf());
    },
  );

  it('the last rule for a selector replaces earlier ones completely', () => {
    const text = getOperation(
      "get: '/v2/{name=**}', additional_bindings: [{ get: '/v3/{name=**}' }]",
      "get: '/v4/{name=**}'",
    );
    expect(gets(rulesOf(text))).toEqual(['GET /v4/{name=**}']);
  });

  it('duplicates for one RPC are merged (rule 1)', () => {
    const project = "get: '/v1/{name=projects/*/operations/*}'";
    const text = getOperation(
      `get: '/v1/{name=projects/*/locations/*/operations/*}', additional_bindings: [{ ${project} }, { get: '/v1/{name}' }, { ${project} }, { get: '/v1/{name=*}' }]`,
    );
    expect(gets(rulesOf(text))).toEqual([
      'GET /v1/{name=projects/*/locations/*/operations/*}',
      'GET /v1/{name=projects/*/operations/*}',
      'GET /v1/{name}',
    ]);
  });

  it('conflicting rules with the same method and shape are rejected (rule 1)', () => {
    const source = `acme.yaml: http.rules[0] (${OPERATIONS}.GetOperation)`;
    expect(() => rulesOf(getOperation("get: '/v1/{name=projects/*/locations/*}/operations'"))).toThrow(
      `${source}: GET "/v1/{name=projects/*/locations/*}/operations" matches the same requests as google/longrunning/operations.proto: rule of ${OPERATIONS}.ListOperations`,
    );
    for (const unlike of [
      "post: '/v1/{name}', body: name",
      "post: '/v1/*'",
      "post: '/v1/{name}', response_body: name",
    ]) {
      expect(() => rulesOf(getOperation(`post: '/v1/{name}', additional_bindings: [{ ${unlike} }]`))).toThrow(
        `${source}, additional_bindings[0]: POST`,
      );
    }
  });

  it.each([
    ["get: '/v1/{name'", 'path template "/v1/{name" is invalid at character 10'],
    ["get: ''", 'path template "" is invalid at character 1'],
    ["body: '*'", 'the rule has no pattern: give it one of get, put'],
    ["get: '/a', post: '/b'", 'it has get and post: give it one of'],
    ['get: 7', 'get is "7", not text'],
    ["get: '/a', body: [name]", 'body is "[\\"name\\"]", not text'],
    [
      "get: '/a', additional_binding: []",
      'field "additional_binding" is unknown: did you mean "additional_bindings"?',
    ],
    [
      "get: '/a', additional_bindings: { get: '/b' }",
      'additional_bindings is "{\\"get\\":\\"/b\\"}", not a list',
    ],
    ["get: '/a', additional_bindings: ['/b']", 'additional_bindings[0]: "\\"/b\\"" is not an object'],
    ["get: '/a', additional_bindings: [{ body: x }]", 'additional_bindings[0]: the rule has no pattern'],
    [
      "get: '/a', additional_bindings: [{ get: '/b', additional_bindings: [{ get: '/c' }] }]",
      'additional_bindings[0]: additional bindings are nested',
    ],
    ["custom: { path: '/a' }", 'custom.kind is missing'],
    ["custom: { kind: 'A B', path: '/a' }", 'the invalid HTTP method "A B"'],
    ['custom: { kind: HEAD }', 'path template "" is invalid'],
    [
      "get: '/{nam}'",
      'path variable "nam" names "nam", which google.longrunning.GetOperationRequest does not have: did you mean "name"?',
    ],
    [
      "get: '/{name.x}'",
      'path variable "name.x" goes through field google.longrunning.GetOperationRequest.name, which is not a message',
    ],
    ["get: '/a', body: nothing", 'body names "nothing"'],
    [
      "get: '/a', response_body: unknown",
      'response_body names "unknown", which google.longrunning.Operation does not have',
    ],
  ])('rejects %s, naming file and rule (rule 1)', (rule, reason) => {
    const read = () => rulesOf(getOperation(rule));
    expect(read).toThrow(HttpRuleError);
    expect(read).toThrow(`acme.yaml: http.rules[0] (${OPERATIONS}.GetOperation)`);
    expect(read).toThrow(reason);
  });

  it.each([
    ['{aws_cluster.name}/{aws_cluster.uid}', undefined],
    ['{validate_only}/{aws_cluster.create_time}', undefined],
    ['{aws_cluster}', 'path variable "aws_cluster" binds field'],
    ['{aws_cluster.annotations}', 'which is not a single value: bind a scalar or an enum'],
    ['{aws_cluster.annotations.a}', 'which is not a message: bind the field itself'],
    ['{aws_cluster.control_plane.tags}', 'which is not a single value'],
    ['{awsCluster.name}', 'did you mean "aws_cluster"?'],
  ])('accept only scalar JSON values as path variables: %s', async (path, fault) => {
    const schema = await loadSchema({
      files: ['google/cloud/gkemulticloud/v1/aws_service.proto'],
      includeDirs: [GKE_PROTOS],
    });
    const selector = 'google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster';
    const text = `http: { rules: [{ selector: ${selector}, post: '/v1/${path}', body: aws_cluster }] }`;
    const read = () =>
      readHttpRules({ registry: schema.registry, serviceConfig: { file: 'gke.yaml', text } });
    if (fault === undefined) expect(read()).toMatchObject([{ template: `/v1/${path}`, body: 'aws_cluster' }]);
    else expect(read).toThrow(fault);
  });

  it.each([
    ['- a', 'acme.yaml: "[\\"a\\"]" is not an object'],
    ['', 'acme.yaml: "null" is not an object'],
    ['http: 7', 'acme.yaml: http: "7" is not an object'],
    ['http: { rules: { a: b } }', 'acme.yaml: http.rules is "{\\"a\\":\\"b\\"}", not a list'],
    ['http: { rules: [a] }', 'acme.yaml: http.rules[0]: "\\"a\\"" is not an object'],
    ["http: { rules: [{ get: '/a' }] }", 'acme.yaml: http.rules[0]: selector is missing'],
    ['http: [', 'acme.yaml: cannot be parsed as YAML or JSON: '],
    ['a: *b', 'acme.yaml: cannot be parsed as YAML or JSON: '],
    ['http: &a [*a]', 'acme.yaml: cannot be parsed as YAML or JSON: '],
    [`a: ${'['.repeat(20_000)}`, 'acme.yaml: cannot be parsed as YAML or JSON: '],
    [
      `http: { rules: [{ selector: ${REPORTS}.ExportReprt, get: '/a' }] }`,
      `acme.yaml: http.rules[0] (${REPORTS}.ExportReprt): service ${REPORTS} has no such RPC: did you mean ${REPORTS}.ExportReport?`,
    ],
    [`http: { rules: [{ selector: '${REPORTS}.*', get: '/a' }] }`, `service ${REPORTS} has no such RPC`],
  ])('rejects %j', (text, reason) => {
    expect(() => rulesOf(text)).toThrow(HttpRuleError);
    expect(() => rulesOf(text)).toThrow(reason);
  });
});
