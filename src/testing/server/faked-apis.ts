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
import { REST_REQUEST_HEADER } from '../calls/rest-front.js';
import { type FakeServices, fakeServicesWith } from '../faking/fake-service.js';
import { ResourceMemory } from '../faking/resources/resource-memory.js';
import { LiveScript, type ParsedScript, parseScript } from '../script/script.js';
import type { Script } from '../script/script-source.js';
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
}

/** Where APIs are served. */
export interface ServingParts {
  readonly server: Server;
  readonly operations: Operations;
  /** Host of the services. */
  readonly host: ServiceHost;
}

interface ServedApi extends FakedApi {
  readonly services: readonly Service[];
}

/** APIs that a server fakes. More can be added while it runs. */
export class FakedApis {
  readonly #parts: FakedApisParts;
  readonly #script = new LiveScript();
  readonly #resources = new ResourceMemory();
  /** Set once services are served. */
  #served: ServingParts | undefined;
  #apis: readonly ServedApi[];
  #schema: Schema;
  #methods: ReadonlyMap<string, CalledMethod> | undefined;

  constructor(parts: FakedApisParts) {
    this.#parts = parts;
    this.#schema = mergeSchemas([operationsSchema(), ...parts.apis.map(({ schema }) => schema)]);
    this.#script.reset(parts.apis.map(({ script }) => script));
    this.#apis = parts.apis.map((api) => ({ ...api, services: this.#fakesOf(api.schema).services }));
  }

  /** Schema of all served APIs. */
  get schema(): Schema {
    return this.#schema;
  }

  /** Finds a method by the path of its gRPC method. */
  methodAt(path: string): CalledMethod | undefined {
    this.#methods ??= calledMethods(this.#schema);
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
   * @throws SchemaError if the API cannot be read, has no services, or has one that is already faked;
   * ScriptError.
   */
  async add(
    source: ApiSource,
    options: FakeOptions,
  ): Promise<{ readonly script: ParsedScript; readonly gateway: Gateway }> {
    const schema = await readApi(source, options);
    const { server, host } = this.#serving();
    const twin = schema.services.find(({ typeName }) => this.#schema.registry.getService(typeName));
    if (twin)
      throw new SchemaError(
        `service ${twin.typeName} is already faked: fake it once, and change its behavior with script()`,
      );
    const script = parseScript(options.script ?? {}, { file: 'script', schema });
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
    const script = parseScript(source, { file: 'script', schema: this.#schema, defaults });
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

function readApi(source: ApiSource, { includeDirs = [] }: FakeOptions): Promise<Schema> | Schema {
  if (source instanceof Uint8Array) return schemaOf(source);
  if (typeof source === 'string') return loadSchema({ files: [source], includeDirs });
  return loadSchema({ files: source, includeDirs });
}
