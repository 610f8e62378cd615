import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { createGateway } from '../../src/gateway/index.js';
import { readServices, type ServiceDescription } from '../../src/gateway/openapi/service-description.js';

const FILE = 'longrunning/protos/longrunning.yaml';
const file = createRequire(import.meta.url).resolve(FILE);
const serviceConfig = { file, text: readFileSync(file, 'utf8') };

/** HTTP rules as `METHOD template`, by RPC. */
function rulesOf(services: ServiceDescription): string[] {
  return readServices(services).rules.map(
    ({ method, httpMethod, template, body = '' }) => `${method.name}: ${httpMethod} ${template} ${body}`,
  );
}

const LOCATED = 'projects/*/locations/*';

describe(FILE, () => {
  it('produces the documented table, with descriptors without rules', () => {
    const annotationOf = () => undefined;
    expect(rulesOf({ annotationOf })).toEqual([]);
    const rules = rulesOf({ annotationOf, serviceConfig });
    expect(rules.sort()).toEqual(
      [
        `GetOperation: GET /v1/{name=${LOCATED}/operations/*} `,
        'GetOperation: GET /v1/{name=operations/**} ',
        `ListOperations: GET /v1/{name=${LOCATED}}/operations `,
        'ListOperations: GET /v1/{name=operations} ',
        `CancelOperation: POST /v1/{name=${LOCATED}/operations/*}:cancel *`,
        'CancelOperation: POST /v1/{name=operations/**}:cancel *',
        `DeleteOperation: DELETE /v1/{name=${LOCATED}/operations/*} `,
        'DeleteOperation: DELETE /v1/{name=operations/**} ',
        `WaitOperation: POST /v1/{name=${LOCATED}/operations/*}:wait *`,
      ].sort(),
    );
  });

  it('equals the annotations in our proto', () => {
    expect(rulesOf({ serviceConfig })).toEqual(rulesOf({}));
  });

  it('is accepted by createGateway', async () => {
    await using gateway = createGateway({ target: 'localhost:1', serviceConfig });
    expect(gateway).toBeInstanceOf(Function);
  });

  it('requires the cloud-platform scope', () => {
    expect(parse(serviceConfig.text)).toMatchObject({
      type: 'google.api.Service',
      authentication: {
        rules: [
          {
            selector: 'google.longrunning.Operations.*',
            oauth: { canonical_scopes: 'https://www.googleapis.com/auth/cloud-platform' },
          },
        ],
      },
    });
  });
});
