import type { JsonSchema } from './json-schema.js';

/** An OpenAPI 3.1 document: what {@link openApiDocument} makes of it. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  /** One for each service. */
  readonly tags: readonly Tag[];
  /** By path: `/v1/operations/{operationsId}:cancel`. */
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: Components;
  /** Any one of them will do. */
  readonly security: readonly SecurityRequirement[];
}

export interface Tag {
  readonly name: string;
  readonly description?: string;
}

/** The HTTP methods that OpenAPI 3.1 has a place for. */
export type OpenApiMethod = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch' | 'trace';

export type PathItem = { readonly [Method in OpenApiMethod]?: OpenApiOperation };

/** One way to call an RPC. Not to be confused with a long-running operation. */
export interface OpenApiOperation {
  readonly operationId: string;
  /** The RPC. */
  readonly summary: string;
  readonly tags: readonly string[];
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly deprecated?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface RequestBody {
  readonly description?: string;
  readonly content: JsonContent;
}

export interface Response {
  readonly description: string;
  readonly content: JsonContent;
}

export interface Reference {
  readonly $ref: string;
}

export interface JsonContent {
  readonly 'application/json': { readonly schema: JsonSchema };
}

export interface Components {
  /** By the full names of messages and enums. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly responses: Readonly<Record<string, Response>>;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
}

/** Names of security schemes, with the scopes that are needed. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'bearer'; readonly description: string }
  | {
      readonly type: 'oauth2';
      readonly description: string;
      readonly flows: {
        readonly authorizationCode: {
          readonly authorizationUrl: string;
          readonly tokenUrl: string;
          readonly scopes: Readonly<Record<string, string>>;
        };
      };
    };
