import type { Components, SecurityRequirement } from './openapi-objects.js';

/** Scope that calls of Google Cloud APIs need. */
export const CLOUD_PLATFORM_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** Security requirements of calls, in the form that OpenAPI uses. */
export interface Security {
  readonly security: readonly SecurityRequirement[];
  readonly securitySchemes: Components['securitySchemes'];
}

/**
 * Describes Google's OAuth 2.0 with these scopes, or an existing token. Returns nothing to require if there are
 * no scopes.
 */
export function securityOf(scopes: readonly string[]): Security {
  if (scopes.length === 0) return { security: [], securitySchemes: {} };
  return {
    security: [{ bearer: scopes }, { oauth2: scopes }],
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'An OAuth 2.0 access token.' },
      oauth2: {
        type: 'oauth2',
        description: 'Google OAuth 2.0.',
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
