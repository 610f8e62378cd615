/** OpenAPI 3.1 document, as {@link openApiDocument} creates it. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  /** One tag per service. */
  readonly tags: readonly Tag[];
  /** Path items by path, such as `/v1/operations/{operationsId}:cancel`. */
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: Components;
  /** Alternative requirements: a call must meet one of them. */
  readonly security: readonly SecurityRequirement[];
}

export interface Tag {
  readonly name: string;
  readonly description?: string;
}

/** HTTP methods that an OpenAPI 3.1 path item can describe. */
export type OpenApiMethod = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch' | 'trace';

export type PathItem = { readonly [Method in OpenApiMethod]?: OpenApiOperation };

/** One way to call an RPC over HTTP. Not related to long-running operations. */
export interface OpenApiOperation {
  readonly operationId: string;
  /** Full name of the RPC. */
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
  /** Schemas by full name of the message or enum. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly responses: Readonly<Record<string, Response>>;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
}

/** Required scopes by name of the security scheme. */
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

/** Types of JSON Schema. */
export type JsonSchemaType = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';

/** JSON Schema 2020-12, used by OpenAPI 3.1 to describe values. Contains only the keywords that this kit writes. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: JsonSchemaType | readonly JsonSchemaType[];
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly format?: string;
  readonly pattern?: string;
  readonly contentEncoding?: 'base64';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | true;
  readonly required?: readonly string[];
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}
