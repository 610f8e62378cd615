import { describe, expect, it } from '@jest/globals';
import { iamPolicy, type Policy, requireScopes, staticTokens } from '../../../src/server/index.js';

const GOOD: Policy = {
  service: 'reports',
  roles: { viewer: ['reports.operations.get'] },
  bindings: [{ role: 'viewer', members: ['user:ada@example.com'], resources: ['projects/p/**'] }],
};
const binding = (changes: object) => ({ ...GOOD, bindings: [{ ...GOOD.bindings[0], ...changes }] });

describe('iamPolicy', () => {
  it.each([
    [undefined, 'its top level: policy, which is missing, is not a map'],
    [{ ...GOOD, rolls: {} }, 'rolls: field "rolls" is unknown: did you mean "roles"?'],
    [{ ...GOOD, service: 'a.b' }, 'service: "a.b" is malformed'],
    [{ ...GOOD, bindings: [] }, 'bindings: the list is empty'],
    [
      { ...GOOD, roles: { viewer: ['reports.operations.gett'] } },
      'roles.viewer[0]: permission "reports.operations.gett" is unknown: did you mean "reports.operations.get"?',
    ],
    [{ ...GOOD, roles: { viewer: ['operations'] } }, 'permission "operations" is malformed'],
    [{ ...GOOD, permissions: { Run: 'reports.jobs.run' } }, 'permissions.Run: method "Run" is malformed'],
    [{ ...GOOD, permissions: { 'a.B.Run': 'run' } }, 'permissions.a.B.Run: permission "run" is malformed'],
    [binding({ role: 'viewr' }), 'bindings[0].role: role "viewr" is unknown: did you mean "viewer"?'],
    [
      binding({ members: ['usr:ada'] }),
      'bindings[0].members[0]: member "usr:ada" is unknown: did you mean "user:"?',
    ],
    [binding({ members: ['user:'] }), 'names nobody'],
    [binding({ members: 'allUsers' }), 'bindings[0].members: "\\"allUsers\\"" is not a list'],
    [binding({ resources: undefined }), 'bindings[0].resources: resources, which is missing, is not a list'],
    [binding({ resources: ['projects/**/x'] }), 'something follows "**"'],
    [binding({ resources: ['projects/p*'] }), 'is only part of "p*"'],
    [binding({ resources: ['projects/-'] }), 'write "*"'],
    [binding({ resources: ['/projects'] }), 'an empty segment'],
  ])('rejects an invalid policy and names the location: %j', (policy, message) => {
    expect(() => iamPolicy(policy as Policy)).toThrow(message);
  });

  it('checks permissions against the served methods if they are known', () => {
    const methods = ['acme.v1.Jobs.RunJob'];
    const policy = (permission: string) => ({ ...GOOD, roles: { viewer: [permission] } });
    expect(() => iamPolicy(policy('reports.jobs.runJob'), { methods })).not.toThrow();
    expect(() => iamPolicy(policy('reports.jobs.*'), { methods })).not.toThrow();
    expect(() => iamPolicy(policy('reports.jobs.run'), { methods })).toThrow(
      'did you mean "reports.jobs.runJob"?',
    );
    expect(() => iamPolicy(policy('reports.job.*'), { methods })).toThrow('no permission begins with');
    const named = { ...GOOD, permissions: { 'acme.v1.Jobs.RunJb': 'reports.jobs.run' } };
    expect(() => iamPolicy(named, { methods })).toThrow('did you mean "acme.v1.Jobs.RunJob"?');
  });

  const allowed = (resources: string[], members: string[], name: string, caller: object) => {
    const authorize = iamPolicy({ ...GOOD, bindings: [{ role: 'viewer', members, resources }] });
    const method = '/google.longrunning.Operations/GetOperation';
    try {
      authorize({ method, name, headers: {}, peer: '', caller });
      return true;
    } catch {
      return false;
    }
  };

  it.each([
    ['projects/p/**', 'projects/p/locations/l/operations/1', true],
    ['projects/p/**', 'projects/p', true],
    ['projects/p/**', 'projects/pp/locations/l/operations/1', false],
    ['projects/p/**', 'projects', false],
    ['projects/*/locations/l/operations/*', 'projects/x/locations/l/operations/1', true],
    ['projects/*/locations/l/operations/*', 'projects/x/locations/m/operations/1', false],
    ['projects/*/locations/l/operations/*', 'projects/x/locations/l/operations/1/2', false],
    ['projects/p/**', 'projects/-/locations/l', false],
    ['operations', '', true],
    ['**', '', true],
  ])('pattern %s, name %s: %s', (pattern, name, expected) => {
    expect(allowed([pattern], ['user:a'], name, { principal: 'user:a' })).toBe(expected);
  });

  it.each([
    ['allUsers', {}, true],
    ['allAuthenticatedUsers', {}, false],
    ['allAuthenticatedUsers', { principal: 'x' }, true],
    ['user:a', { principal: 'user:a' }, true],
    ['group:g', { principal: 'x', members: ['x', 'group:g'] }, true],
    ['user:a', { principal: 'x', members: ['x'] }, false],
    ['user:a', {}, false],
  ])('member %s, caller %j: %s', (member, caller, expected) => {
    expect(allowed(['**'], [member], 'operations/1', caller)).toBe(expected);
  });
});

describe('requireScopes and staticTokens', () => {
  it('reject configurations that would deny or admit everyone', () => {
    expect(() => requireScopes([])).toThrow('names no scope');
    expect(() => requireScopes(['a b'])).toThrow('malformed');
    expect(() => staticTokens([{ token: 'a b', principal: 'x' }])).toThrow('malformed');
    expect(() => staticTokens([{ token: 'a', principal: '' }])).toThrow('malformed');
    const twice = { token: 'a', principal: 'x' };
    expect(() => staticTokens([twice, { ...twice, principal: 'y' }])).toThrow('occurs twice');
  });

  it('scopes require an authenticated caller', () => {
    const authorize = requireScopes(['a']);
    const ask = () => authorize({ method: '/s/m', name: '', headers: {}, peer: '', caller: {} });
    expect(ask).toThrow(expect.objectContaining({ code: 16 }));
  });
});
