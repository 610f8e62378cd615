import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { loadSchema } from '../../src/schema/load-schema.js';
import type { Schema } from '../../src/schema/schema.js';
import { parseAuthFile } from '../../src/testing/auth/auth-file.js';
import { GKE_PROTOS } from '../schema/proto-files.js';

const HEAD = 'tokens: [{ token: a, principal: user:a }]\n';
const POLICY = (text: string) => `${HEAD}policy:\n  roles: { r: [longrunning.operations.get] }\n${text}`;

describe('parseAuthFile', () => {
  let schema: Schema;
  beforeAll(async () => {
    const files = ['google/cloud/gkemulticloud/v1/attached_service.proto'];
    schema = await loadSchema({ files, includeDirs: [GKE_PROTOS] });
  });
  const parse = (text: string) => parseAuthFile(text, { file: 'auth.yaml', schema });

  it('reads the example of docs/authorization.md: authentication, scopes, policy', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(readFileSync('docs/authorization.md', 'utf8')) ?? [];
    expect(parse(example)).toHaveLength(3);
  });

  it('reads bearer without a policy', () => {
    const keys = '[{ kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }]';
    expect(parse(`bearer: { issuer: https://a, audience: b, keys: ${keys} }`)).toHaveLength(1);
  });

  it.each([
    ['', 'auth.yaml:1: callers are missing: give tokens or bearer'],
    ['scopes: [a]', 'auth.yaml:1: callers are missing'],
    [`${HEAD}bearer: { issuer: a }`, 'auth.yaml:2: bearer: both tokens and bearer are given'],
    ['bearer:\n  issuer: a', 'auth.yaml:1: bearer: option audience is missing'],
    ['bearer:\n  isuer: a', 'auth.yaml:2: bearer.isuer: field "isuer" is unknown: did you mean "issuer"?'],
    [
      'bearer: { issuer: a, audience: b, jwksUri: http://a.example.com }',
      'auth.yaml:1: bearer: option jwksUri',
    ],
    ['tokens: []', 'auth.yaml:1: tokens: the list is empty'],
    ['tokens:\n  - token: a', 'auth.yaml:2: tokens[0]: token or principal is missing'],
    ['tokens:\n  - { token: a b, principal: x }', 'auth.yaml:1: tokens: a static token is malformed'],
    [`${HEAD}scopes: [a b]`, 'auth.yaml:2: scopes: scope "a b" is malformed'],
    [`${HEAD}scops: [a]`, 'auth.yaml:2: scops: field "scops" is unknown: did you mean "scopes"?'],
    [
      POLICY('  bindings:\n    - { role: q, members: [allUsers], resources: ["**"] }'),
      'auth.yaml:5: policy.bindings[0].role: role "q"',
    ],
    [
      POLICY('  bindings:\n    - role: r\n      members: [allUsers]\n      resources: [a/]'),
      'auth.yaml:7: policy.bindings[0].resources[0]: pattern',
    ],
    [
      POLICY('  permissions: { a.B.C: x.y.z }\n  bindings: []'),
      'auth.yaml:4: policy.permissions.a.B.C: method "a.B.C" is unknown',
    ],
    [
      `${POLICY('  bindings:\n    - { role: r, members: [allUsers], resources: ["**"] }')}\nscopes: [a]`,
      'auth.yaml:6: scopes: calls of allUsers have no token',
    ],
  ])('rejects with file, line and field: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
