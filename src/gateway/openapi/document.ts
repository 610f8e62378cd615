import { AnySchema } from '@bufbuild/protobuf/wkt';
import { withDefaults } from '../../core/options.js';
import { Code } from '../../core/status.js';
import type { HttpRule } from '../rules/http-rules.js';
import { Comments } from './comments.js';
import type {
  Components,
  JsonSchema,
  OpenApiDocument,
  Response,
  SecurityRequirement,
  Tag,
} from './objects.js';
import { openApiPaths } from './paths.js';
import { fieldBehaviorReader, MessageSchemas, operationTypesReader } from './schemas.js';
import { type DescribedServices, readServices, type ServiceDescription } from './service-description.js';

/** Facts that an OpenAPI document needs and descriptors do not contain. */
export interface OpenApiSettings {
  /** Name of the API. @defaultValue the names of the services */
  readonly title?: string | undefined;
  /** Version of the API. @defaultValue the version in the package of the first service, such as `v1` */
  readonly version?: string | undefined;
  /** URL of the server, without the paths. @defaultValue `/`, the server that the document comes from */
  readonly server?: string | undefined;
  /**
   * OAuth 2.0 scopes that a caller's token needs. If empty, calls need no token.
   *
   * @defaultValue `https://www.googleapis.com/auth/cloud-platform`
   */
  readonly scopes?: readonly string[] | undefined;
}

/** Options of {@link openApiDocument}: the services, and facts that their descriptors do not contain. */
export type OpenApiOptions = ServiceDescription & OpenApiSettings;

/**
 * Describes in OpenAPI 3.1 how to call services over HTTP as `createGateway` serves them. Descriptions come
 * from comments in the .proto files if the descriptors include source information. `buf build` includes it;
 * `protoc` needs `--include_source_info`.
 *
 * @throws HttpRuleError if a rule is invalid; TypeError if the descriptors are invalid.
 *
 * @example
 * ```ts
 * const document = openApiDocument({ descriptors: readFileSync('api.binpb'), title: 'Jobs' });
 * document.paths['/v1/projects/{projectsId}/jobs']?.get?.operationId;   // 'Jobs_ListJobs'
 * ```
 */
export function openApiDocument(options: OpenApiOptions = {}): OpenApiDocument {
  return describeServices(readServices(options), options);
}

/** Describes services whose descriptors and rules have already been read. */
export function describeServices(
  { registry, rules }: DescribedServices,
  settings: OpenApiSettings = {},
): OpenApiDocument {
  const comments = new Comments();
  const schemas = new MessageSchemas(comments, fieldBehaviorReader(registry));
  const { title, version, server, scopes } = withDefaults(defaultsFor(rules), settings);
  const paths = openApiPaths(rules, {
    comments,
    schemas,
    operationTypesOf: operationTypesReader(registry),
  });
  const responses = { Error: errorResponse(schemas.ofMessage(AnySchema)) };
  const { security, securitySchemes } = securityOf(scopes);
  return {
    openapi: '3.1.1',
    info: { title, version },
    servers: [{ url: server }],
    tags: tagsOf(rules, comments),
    paths,
    components: { schemas: schemas.components(), responses, securitySchemes },
    security,
  };
}

function defaultsFor(rules: readonly HttpRule[]) {
  const services = servicesOf(rules);
  const [version] = services.flatMap(({ file }) => /\bv\d\w*$/.exec(file.proto.package)?.[0] ?? []);
  return {
    title: services.map(({ name }) => name).join(', '),
    version: version ?? 'v1',
    server: '/',
    scopes: [CLOUD_PLATFORM_SCOPE],
  };
}

function tagsOf(rules: readonly HttpRule[], comments: Comments): Tag[] {
  return servicesOf(rules).map((service) => {
    const description = comments.of(service);
    return { name: service.typeName, ...(description !== undefined && { description }) };
  });
}

function servicesOf(rules: readonly HttpRule[]): HttpRule['method']['parent'][] {
  return Array.from(new Set(rules.map(({ method }) => method.parent)));
}

/** Describes the response of every failed call, given the schema of an Any. */
function errorResponse(any: JsonSchema): Response {
  const error: JsonSchema = {
    type: 'object',
    properties: {
      code: { type: 'integer', description: 'The HTTP status.' },
      message: { type: 'string', description: 'Error message for developers.' },
      status: {
        type: 'string',
        description: 'The name of the gRPC code.',
        enum: Object.keys(Code).filter((name) => name !== 'OK'),
      },
      details: { type: 'array', items: any, description: 'Details such as `google.rpc.ErrorInfo`.' },
    },
    required: ['code', 'message', 'status'],
  };
  const schema: JsonSchema = { type: 'object', properties: { error }, required: ['error'] };
  return {
    description: 'An error (AIP-193).',
    content: { 'application/json': { schema } },
  };
}

/** Scope that calls of Google Cloud APIs need. */
const CLOUD_PLATFORM_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** Security requirements of calls, in the form that OpenAPI uses. */
export interface Security {
  readonly security: readonly SecurityRequirement[];
  readonly securitySchemes: Components['securitySchemes'];
}

/**
 * Describes Google's OAuth 2.0 with these scopes, or an existing token. Returns nothing to require if there are
 * no scopes.
 */
function securityOf(scopes: readonly string[]): Security {
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
