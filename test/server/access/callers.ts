import { iamPolicy, requireScopes, staticTokens } from '../../../src/server/index.js';

/** Scopes that the tests require of tokens. */
export const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** Identifies callers: the token is the name. */
const CALLERS: Parameters<typeof staticTokens>[0] = [
  { token: 'reader', principal: 'user:reader@example.com', scopes: [SCOPE] },
  {
    token: 'canceller',
    principal: 'serviceAccount:canceller@p.iam.gserviceaccount.com',
    scopes: [SCOPE, 'x'],
  },
  { token: 'starter', principal: 'user:starter@example.com', scopes: [SCOPE] },
  { token: 'other-owner', principal: 'user:other@example.com', scopes: [SCOPE] },
  { token: 'admin', principal: 'principal://accounts.example.com/subject/1', scopes: [SCOPE] },
  { token: 'nobody', principal: 'user:nobody@example.com', scopes: [SCOPE] },
  { token: 'wrong-scope', principal: 'principal://accounts.example.com/subject/1', scopes: ['email'] },
];

/** Policy of the tests for projects/p, and for one other caller for projects/q. */
export const authorize = [
  staticTokens(CALLERS),
  requireScopes([SCOPE]),
  iamPolicy({
    service: 'reports',
    permissions: { 'example.reports.v1.Reports.ExportReport': 'reports.reports.export' },
    roles: {
      reader: ['reports.operations.get', 'reports.operations.list', 'reports.operations.wait'],
      canceller: ['reports.operations.cancel'],
      starter: ['reports.reports.export', 'reports.operations.list'],
      owner: ['reports.*'],
    },
    bindings: [
      { role: 'reader', members: ['user:reader@example.com'], resources: ['projects/p/**'] },
      {
        role: 'canceller',
        members: ['serviceAccount:canceller@p.iam.gserviceaccount.com'],
        resources: ['projects/p/locations/*/operations/*'],
      },
      { role: 'starter', members: ['user:starter@example.com'], resources: ['projects/p/**'] },
      { role: 'owner', members: ['user:other@example.com'], resources: ['projects/q/**'] },
      {
        role: 'owner',
        members: ['principal://accounts.example.com/subject/1'],
        resources: ['projects/p/**'],
      },
    ],
  }),
];

/** Header fields for who has that token; undefined: for nobody. */
export function as(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
