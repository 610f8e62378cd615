import type { Server } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import { addMounted, type Service, type ServiceHost } from '../../core/service.js';
import type { GatewaySettings } from '../../gateway/gateway.js';
import { createGateway, type Gateway } from '../../gateway/index.js';
import {
  loadSchema,
  mergeSchemas,
  operationsSchema,
  type Schema,
  SchemaError,
  schemaOf,
} from '../../schema/index.js';
import type { Operations } from '../../server/index.js';
import type { ReflectedServices } from '../../server/reflection/add-reflection.js';
import { type CalledMethod, calledMethods } from '../calls/called-method.js';
import { hostedMethods } from '../calls/hosted-methods.js';
import { REST_REQUEST_HEADER } from '../calls/rest-front.js';
import { type FakeServices, fakeServicesWith } from '../faking/fake-service.js';
import { ResourceMemory } from '../faking/resources/resource-memory.js';
import { isOperationType } from '../faults/junk-any.js';
import { LiveScript, type ParsedScript, parseScript } from '../script/script.js';
import { type Script, type ScriptTypes, scriptTypes } from '../script/script-source.js';
import type { TestServer } from './test-server-api.js';

/** API to fake: .proto files, or an encoded `google.protobuf.FileDescriptorSet`. */
export type ApiSource = string | readonly string[] | Uint8Array;

/** Options for faking an API. */
export type FakeOptions = NonNullable<Parameters<TestServer['fake']>[1]>;

/** API that is faked. */
export interface FakedApi {
  readonly schema: Schema;
  readonly script: ParsedScript;
}

/** Options of the REST gateway. */
export type RestSettings = Pick<
  GatewaySettings,
  'serviceConfig' | 'headers' | 'limits' | 'cors' | 'logger' | 'authenticate'
>;

/** Dependencies of {@link FakedApis}. */
export interface FakedApisParts {
  readonly clock: Clock;
  readonly rest: RestSettings;
  /** Initial APIs. */
  readonly apis: readonly FakedApi[];
  /** Services of the application, which the host of the services has. */
  readonly hosted: readonly Service[];
  /** Encoded FileDescriptorSet of those services, if they have one. */
  readonly descriptors: Uint8Array | undefined;
}

/** Server and operations that serve the APIs. */
export interface ServingParts {
  readonly server: Server;
  readonly operations: Operations;
  /** Host of the services. */
  readonly host: ServiceHost;
}

interface ServedApi extends FakedApi {
  readonly services: readonly Service[];
}

/** APIs that a server fakes, beside the services that it hosts. More can be added while it runs. */
export class FakedApis {
  readonly #parts: FakedApisParts;
  readonly #script = new LiveScript();
  readonly #resources = new ResourceMemory();
  /** Set once services are served. */
  #served: ServingParts | undefined;
  #apis: readonly ServedApi[];
  #schema: Schema;
  readonly #hosted: ReadonlyMap<string, CalledMethod>;
  #methods: ReadonlyMap<string, CalledMethod> | undefined;

  /** @throws TypeError if a service is both hosted and faked; SchemaError if the descriptors cannot be read. */
  constructor(parts: FakedApisParts) {
    this.#parts = parts;
    this.#hosted = hostedMethods(parts.hosted);
    const { descriptors } = parts;
    const described = descriptors ? [withoutServices(schemaOf(descriptors))] : [];
    const faked = parts.apis.map(({ schema }) => schema);
    for (const schema of faked) this.#assertNotHosted(schema);
    this.#schema = mergeSchemas([operationsSchema(), ...described, ...faked]);
    this.#script.reset(parts.apis.map(({ script }) => script));
    this.#apis = parts.apis.map((api) => ({ ...api, services: this.#fakesOf(api.schema).services }));
  }

  /** Schema of all faked APIs, with the types of hosted services. */
  get schema(): Schema {
    return this.#schema;
  }

  /** Names that faults may use: of faked, hosted and standard methods. */
  get types(): ScriptTypes {
    return scriptTypes(this.#schema, this.#hostedNames);
  }

  /** Full names of the methods that start operations. */
  get startingMethods(): readonly string[] {
    const hosted = Array.from(this.#hosted.values()).filter(({ outputType }) => isOperationType(outputType));
    return [...this.#schema.methods, ...hosted].map(({ name }) => name);
  }

  /** Finds a method by the path of its gRPC method. */
  methodAt(path: string): CalledMethod | undefined {
    this.#methods ??= new Map([...calledMethods(this.#schema), ...this.#hosted]);
    return this.#methods.get(path);
  }

  /** @throws HttpRuleError if two methods have the same HTTP path. */
  gateway(host: ServiceHost): Gateway {
    return this.#gatewayOf(host, this.#services, this.#schema);
  }

  /** Adds `google.longrunning.Operations` and all services to a server, including those added later. */
  serve(parts: ServingParts): void {
    this.#served = parts;
    addMounted(parts.server, parts.host.mount(this.#services));
  }

  /** Options for the reflection service. */
  reflection(): ReflectedServices {
    const { registry: descriptors, annotationOf, methods: operationMethods } = this.#schema;
    return { descriptors, annotationOf, operationMethods, services: ['grpc.health.v1.Health'] };
  }

  /**
   * Fakes one more API.
   *
   * @returns its script, and a gateway that includes it.
   * @throws SchemaError if the API cannot be read, has no services, or has one that is already faked; TypeError if
   * it has one that is hosted; ScriptError.
   */
  async add(
    source: ApiSource,
    options: FakeOptions,
  ): Promise<{ readonly script: ParsedScript; readonly gateway: Gateway }> {
    const schema = await readApi(source, options);
    const { server, host } = this.#serving();
    this.#assertNotHosted(schema);
    const faked = new Set(this.#schema.services.map(({ typeName }) => typeName));
    const twin = schema.services.find(({ typeName }) => faked.has(typeName));
    if (twin)
      throw new SchemaError(
        `service ${twin.typeName} is already faked: fake it once, and change its behavior with script()`,
      );
    const hosted = this.#hostedNames;
    const script = parseScript(options.script ?? {}, { file: 'script', schema, hosted });
    const { services } = this.#fakesOf(schema);
    const merged = mergeSchemas([this.#schema, schema]);
    const gateway = this.#gatewayOf(host, [...this.#services, ...services], merged);
    this.#script.add(script);
    const names = new Set(services.map(({ name }) => name));
    addMounted(
      server,
      host.mount(services).filter(({ name }) => names.has(name)),
    );
    this.#apis = [...this.#apis, { schema, script, services }];
    this.#schema = merged;
    this.#methods = undefined;
    return { script, gateway };
  }

  /** Replaces the behavior of the methods that the script names. @throws ScriptError */
  script(source: Script | string): ParsedScript {
    const { default: defaults } = this.#script.current;
    const hosted = this.#hostedNames;
    const script = parseScript(source, { file: 'script', schema: this.#schema, hosted, defaults });
    this.#script.add(script);
    this.#serveAgain();
    return script;
  }

  /** Replaces all scripts with this one. */
  replaceScript(script: ParsedScript): void {
    this.#script.reset([script]);
    this.#serveAgain();
  }

  /** Restores the original scripts and removes all resources. */
  reset(): void {
    this.#resources.clear();
    this.#script.reset(this.#apis.map(({ script }) => script));
    this.#serveAgain();
  }

  /** Registers the methods again, because their scripted metadata fields are determined on registration. */
  #serveAgain(): void {
    const { operations } = this.#serving();
    const methods = this.#apis.flatMap(({ schema }) => this.#fakesOf(schema).methods);
    for (const method of methods) operations.add(method);
  }

  get #services(): readonly Service[] {
    return this.#apis.flatMap(({ services }) => services);
  }

  get #hostedNames(): readonly string[] {
    return Array.from(this.#hosted.values(), ({ name }) => name);
  }

  #assertNotHosted({ services }: Schema): void {
    const hosted = new Set(this.#parts.hosted.map(({ name }) => name));
    const twin = services.find(({ typeName }) => hosted.has(typeName));
    if (twin)
      throw new TypeError(
        `service ${twin.typeName} is hosted already: remove it from services to fake it, or do not fake it`,
      );
  }

  #serving(): ServingParts {
    if (!this.#served) throw new TypeError('services are not served: call serve() first');
    return this.#served;
  }

  #fakesOf(schema: Schema): FakeServices {
    const script = () => this.#script.current;
    return fakeServicesWith(schema, { script, clock: this.#parts.clock, resources: this.#resources });
  }

  #gatewayOf(
    operations: ServiceHost,
    services: readonly Service[],
    { registry: descriptors, annotationOf }: Schema,
  ): Gateway {
    const { rest } = this.#parts;
    const headers = [...(rest.headers ?? []), REST_REQUEST_HEADER];
    return createGateway({ ...rest, operations, services, descriptors, annotationOf, headers });
  }
}

/** Keeps the types and HTTP rules of a schema. Its services have handlers, so scripts do not apply to them. */
function withoutServices(schema: Schema): Schema {
  return { ...schema, services: [], methods: [] };
}

function readApi(source: ApiSource, { includeDirs = [] }: FakeOptions): Promise<Schema> | Schema {
  if (source instanceof Uint8Array) return schemaOf(source);
  if (typeof source === 'string') return loadSchema({ files: [source], includeDirs });
  return loadSchema({ files: source, includeDirs });
}
