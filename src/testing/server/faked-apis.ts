import type { Server } from '@grpc/grpc-js';
import type { Clock } from '../../core/clock.js';
import {
  createGateway,
  type Gateway,
  type GatewaySettings,
  type ReflectionOptions,
} from '../../gateway/index.js';
import {
  loadSchema,
  mergeSchemas,
  operationsSchema,
  type Schema,
  SchemaError,
  schemaOf,
} from '../../schema/index.js';
import type { ImplementedMethod, Operations } from '../../server/index.js';
import { type CalledMethod, calledMethods } from '../calls/called-method.js';
import { REST_REQUEST_HEADER } from '../calls/rest-front.js';
import { type FakeServices, fakeServicesWith } from '../faking/fake-service.js';
import { ResourceMemory } from '../faking/resources/resource-memory.js';
import { LiveScript } from '../script/live-script.js';
import { parseScript, type Script } from '../script/script.js';
import type { ScriptSource } from '../script/script-source.js';

/** An API to fake: .proto files, an encoded `google.protobuf.FileDescriptorSet`, or what was read of such. */
export type ApiSource = string | readonly string[] | Uint8Array | Schema;

/** How to fake an API. */
export interface FakeOptions {
  /** Where imports, and the files themselves, are looked for. @defaultValue none */
  readonly includeDirs?: readonly string[];
  /** How its methods go: an object, or the text of a YAML file. @defaultValue as `parseScript` has it */
  readonly script?: ScriptSource | string;
}

/** An API that is faked. */
export interface FakedApi {
  readonly schema: Schema;
  readonly script: Script;
}

/** How REST is answered. */
export type RestSettings = Pick<
  GatewaySettings,
  'serviceConfig' | 'headers' | 'limits' | 'cors' | 'logger' | 'authenticate'
>;

/** What the services are faked with. */
export interface FakedApisParts {
  readonly clock: Clock;
  readonly rest: RestSettings;
  /** Those that there are from the start. */
  readonly apis: readonly FakedApi[];
}

/** The APIs that a server fakes: more of them as it goes. */
export class FakedApis {
  readonly #parts: FakedApisParts;
  readonly #script = new LiveScript();
  readonly #resources = new ResourceMemory();
  /** Set once services are served. */
  #served: { readonly server: Server; readonly operations: Operations } | undefined;
  #apis: readonly FakedApi[];
  #schema: Schema;
  #methods: ReadonlyMap<string, CalledMethod> | undefined;

  constructor(parts: FakedApisParts) {
    this.#parts = parts;
    this.#apis = parts.apis;
    this.#schema = mergeSchemas([operationsSchema(), ...parts.apis.map(({ schema }) => schema)]);
    this.#script.reset(parts.apis.map(({ script }) => script));
  }

  /** All that is served. */
  get schema(): Schema {
    return this.#schema;
  }

  /** The long-running methods, for `createOperations`. */
  get methods(): readonly ImplementedMethod[] {
    return this.#apis.flatMap(({ schema }) => this.#fakesOf(schema).methods);
  }

  /** By the path of its gRPC method. */
  methodAt(path: string): CalledMethod | undefined {
    this.#methods ??= calledMethods(this.#schema);
    return this.#methods.get(path);
  }

  /** @throws HttpRuleError when two methods have the same HTTP path. */
  gateway(server: Server): Gateway {
    return this.#gatewayOf(server, this.#schema);
  }

  /** Adds the services to a server, and those that come later. */
  serve(server: Server, operations: Operations): void {
    this.#served = { server, operations };
    for (const { schema } of this.#apis) this.#fakesOf(schema).addTo(server, operations);
  }

  /** What reflection tells of. */
  reflection(): ReflectionOptions {
    const { registry: descriptors, annotationOf, methods: operationMethods } = this.#schema;
    return { descriptors, annotationOf, operationMethods, services: ['grpc.health.v1.Health'] };
  }

  /**
   * Fakes one more.
   *
   * @returns what its script says, and a gateway that has it.
   * @throws SchemaError when it cannot be read, has no services, or some that are faked already; ScriptError.
   */
  async add(
    source: ApiSource,
    options: FakeOptions,
  ): Promise<{ readonly script: Script; readonly gateway: Gateway }> {
    const schema = await readApi(source, options);
    const { server, operations } = this.#serving();
    const twin = schema.services.find(({ typeName }) => this.#schema.registry.getService(typeName));
    if (twin)
      throw new SchemaError(
        `service ${twin.typeName} is faked already: fake it once, script() changes how it goes`,
      );
    const script = parseScript(options.script ?? {}, { file: 'script', schema });
    const fakes = this.#fakesOf(schema);
    const merged = mergeSchemas([this.#schema, schema]);
    const gateway = this.#gatewayOf(server, merged);
    this.#script.add(script);
    for (const method of fakes.methods) operations.add(method);
    fakes.addTo(server, operations);
    this.#apis = [...this.#apis, { schema, script }];
    this.#schema = merged;
    this.#methods = undefined;
    return { script, gateway };
  }

  /** Says anew how methods go. @throws ScriptError */
  script(source: ScriptSource | string): Script {
    const { default: defaults } = this.#script.current;
    const script = parseScript(source, { file: 'script', schema: this.#schema, defaults });
    this.#script.add(script);
    this.#serveAnew();
    return script;
  }

  /** Has all methods go by one script, in place of those that there were. */
  replaceScript(script: Script): void {
    this.#script.reset([script]);
    this.#serveAnew();
  }

  /** Has them be as when they were added, without what was created since. */
  reset(): void {
    this.#resources.clear();
    this.#script.reset(this.#apis.map(({ script }) => script));
    this.#serveAnew();
  }

  /** Which metadata fields are the script's own is found out once. */
  #serveAnew(): void {
    const { operations } = this.#serving();
    for (const method of this.methods) operations.add(method);
  }

  #serving(): { readonly server: Server; readonly operations: Operations } {
    if (!this.#served) throw new TypeError('the services are not served: call serve() before');
    return this.#served;
  }

  #fakesOf(schema: Schema): FakeServices {
    const script = () => this.#script.current;
    return fakeServicesWith(schema, { script, clock: this.#parts.clock, resources: this.#resources });
  }

  #gatewayOf(server: Server, { registry: descriptors, annotationOf }: Schema): Gateway {
    const { rest } = this.#parts;
    const headers = [...(rest.headers ?? []), REST_REQUEST_HEADER];
    return createGateway({ ...rest, server, descriptors, annotationOf, headers });
  }
}

function readApi(source: ApiSource, { includeDirs = [] }: FakeOptions): Promise<Schema> | Schema {
  if (source instanceof Uint8Array) return schemaOf(source);
  if (typeof source === 'string') return loadSchema({ files: [source], includeDirs });
  return 'registry' in source ? source : loadSchema({ files: source, includeDirs });
}
