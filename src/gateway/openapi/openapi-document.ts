import { AnySchema } from '@bufbuild/protobuf/wkt';
import { withDefaults } from '../../core/options.js';
import type { HttpRule } from '../rules/http-rules.js';
import { Comments } from './comments.js';
import { errorResponse } from './error-response.js';
import { fieldBehaviorReader } from './field-behavior.js';
import { MessageSchemas } from './message-schemas.js';
import type { OpenApiDocument, Tag } from './openapi-objects.js';
import { openApiPaths } from './openapi-paths.js';
import { operationTypesReader } from './operation-types.js';
import { CLOUD_PLATFORM_SCOPE, securityOf } from './security.js';
import { type DescribedServices, readServices, type ServiceDescription } from './service-description.js';

/** Facts that an OpenAPI document needs and descriptors do not contain. */
export interface OpenApiSettings {
  /** Name of the API. @defaultValue the names of the services */
  readonly title?: string;
  /** Version of the API. @defaultValue the version in the package of the first service, such as `v1` */
  readonly version?: string;
  /** URL of the server, without the paths. @defaultValue `/`, the server that the document comes from */
  readonly server?: string;
  /**
   * OAuth 2.0 scopes that a caller's token needs. If empty, calls need no token.
   *
   * @defaultValue `https://www.googleapis.com/auth/cloud-platform`
   */
  readonly scopes?: readonly string[];
}

/** Options of {@link openApiDocument}: the services, and facts that their descriptors do not contain. */
export type OpenApiOptions = ServiceDescription & OpenApiSettings;

/**
 * Describes in OpenAPI 3.1 how to call services over HTTP as {@link createGateway} serves them. Descriptions come
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

function defaultsFor(rules: readonly HttpRule[]): Required<OpenApiSettings> {
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
