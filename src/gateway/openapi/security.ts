import type { Components, SecurityRequirement } from './openapi-objects.js';

/** What calls of Google's APIs need. */
export const CLOUD_PLATFORM_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** What callers show, as OpenAPI has it. */
export interface Security {
  readonly security: readonly SecurityRequirement[];
  readonly securitySchemes: Components['securitySchemes'];
}

/** Google's OAuth 2.0 with these scopes, or a token that one has already; nothing when no scope is needed. */
export function securityOf(scopes: readonly string[]): Security {
  if (scopes.length === 0) return { security: [], securitySchemes: {} };
  return {
    security: [{ bearer: scopes }, { oauth2: scopes }],
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'An OAuth 2.0 access token.' },
      oauth2: {
        type: 'oauth2',
        description: 'OAuth 2.0 of Google.',
        flows: {
          authorizationCode: {
            authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
            tokenUrl: 'https://oauth2.googleapis.com/token',
            scopes: Object.fromEntries(scopes.map((scope) => [scope, describeScope(scope)])),
          },
        },
      },
    },
  };
}

function describeScope(scope: string): string {
  return scope === CLOUD_PLATFORM_SCOPE ? 'See, change and delete Google Cloud data.' : '';
}
