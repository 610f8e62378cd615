import type { ClientTls } from '../../client/calls/client-tls.js';
import { OperationsClient } from '../../client/operations/operations-client.js';
import { withDefaults } from '../../core/options.js';
import type { Service } from '../../core/service.js';
import { type ServedPort, type ServerTls, servePort } from '../../gateway/index.js';
import { findMethodName } from '../../schema/index.js';
import { memoryStore } from '../../server/index.js';
import type { RecordedCall } from '../calls/call-log.js';
import { type ManualClock, settled, type TestClock, testClock } from '../clock/manual-clock.js';
import type { Failure, Fault, NamedFault } from '../faults/fault.js';
import type { PendingFault } from '../faults/fault-plan.js';
import { parseFault } from '../faults/read-fault.js';
import type { Script } from '../script/script-source.js';
import { FakedApiServer } from './fake-server.js';
import type { ApiSource, FakeOptions } from './faked-apis.js';
import { type HandDrivenOperation, type HandDrivenOptions, startByHand } from './hand-driven-operation.js';
import type { TestServer } from './test-server-api.js';

/** Options of a test server. */
export interface TestServerOptions {
  /**
   * Services of your own to host, created by `service` (`longrunning/server`). Faults, `calls` and `whenCalled` apply to their
   * methods, except those whose requests are streams. Their operations use the clock of the server.
   *
   * @defaultValue none
   */
  readonly services?: readonly Service[] | undefined;
  /**
   * An encoded `google.protobuf.FileDescriptorSet` of {@link services}, with all imports, as `buf build -o` writes it. With it
   * they are also served over REST, by their `google.api.http` rules, and described by gRPC reflection.
   *
   * @defaultValue none: they are served over gRPC only
   */
  readonly descriptors?: Uint8Array | undefined;
  /** Address to listen on, as `host:port`. @defaultValue any free port of this machine: `127.0.0.1:0` */
  readonly address?: string | undefined;
  /**
   * Allows an address that other machines can reach, for example in a container network. Anyone who can reach it
   * may do everything.
   *
   * @defaultValue false
   */
  readonly insecure?: boolean | undefined;
  /**
   * Certificate, issued for the host of the address. If set, gRPC, REST and `server.client` use TLS. `client` has the
   * TLS options of `server.client`, which trusts the certificate by default; with `clientCa` it needs its own.
   *
   * @defaultValue none: plain text
   */
  readonly tls?: (ServerTls & { readonly client?: ClientTls | undefined }) | undefined;
  /** Clock of the server and of `server.client`. @defaultValue 'real' */
  readonly clock?: 'real' | 'manual' | ManualClock | undefined;
  /** Milliseconds for which ended operations are kept. @defaultValue 30 days */
  readonly retentionMs?: number | undefined;
  /** Upper bound on the duration of WaitOperation, in milliseconds. @defaultValue 60,000 */
  readonly maxWaitMs?: number | undefined;
  /** Called with every call when it ends, in the form of `server.calls`. @defaultValue none */
  readonly onCall?: ((call: RecordedCall) => void) | undefined;
}

const DEFAULTS = {
  services: [] as readonly Service[],
  address: '127.0.0.1:0',
  insecure: false,
  clock: 'real',
  retentionMs: 30 * 24 * 60 * 60 * 1000,
  maxWaitMs: 60_000,
  onCall: () => {},
} satisfies TestServerOptions;

type Settings = typeof DEFAULTS & TestServerOptions;

/**
 * Starts a test server: `google.longrunning.Operations` over gRPC and REST on one port, the services that it
 * hosts, and any API that it fakes. Closing it releases everything.
 *
 * @throws TypeError if the address is malformed, a certificate cannot be used, or two services have the same name;
 * SchemaError or HttpRuleError if the descriptors are invalid. Rejects with the error of `listen` (`node:net`) if it cannot
 * listen.
 *
 * @example
 * ```ts
 * await using server = await startTestServer();
 * await server.fake('google/cloud/gkemulticloud/v1/aws_service.proto', { includeDirs });
 * server.failNext('GetOperation', { code: 'UNAVAILABLE', times: 2 });
 * ```
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const settings = withDefaults(DEFAULTS, options);
  const server = new RunningTestServer(settings, testClock(settings.clock));
  await server.listen(settings.address);
  return server;
}

class RunningTestServer implements TestServer {
  readonly clock: TestClock;
  readonly #settings: Settings;
  readonly #store = memoryStore();
  readonly #faked: FakedApiServer;
  #port: ServedPort | undefined;
  #client: OperationsClient | undefined;
  #lastId = 0;

  constructor(settings: Settings, clock: TestClock) {
    this.clock = clock;
    this.#settings = settings;
    const { services, descriptors, retentionMs, maxWaitMs, onCall } = settings;
    const operations = {
      services,
      store: this.#store,
      retentionMs,
      maxWaitMs,
      pageTokenSecret: 'test server',
      newId: () => this.#newId(),
    };
    this.#faked = new FakedApiServer({ clock, operations, descriptors, onCall });
  }

  async listen(address: string): Promise<void> {
    try {
      const { server, gateway } = this.#faked;
      const { insecure } = this.#settings;
      this.#port = await servePort({
        server,
        ...(gateway && { gateway }),
        address,
        insecure,
        tls: this.#tls(),
      });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get address(): string {
    return this.#port?.address ?? this.#settings.address;
  }

  get url(): string {
    return `${this.#settings.tls ? 'https' : 'http'}://${this.address}`;
  }

  get client(): OperationsClient {
    // Without real time, jitter is deterministic too.
    const random = this.#settings.clock === 'real' ? Math.random : () => 1 / 2;
    const { address, clock } = this;
    this.#client ??= new OperationsClient({ address, clock, random, tls: this.#clientTls() });
    return this.#client;
  }

  get calls(): readonly RecordedCall[] {
    return this.#faked.calls;
  }

  get faults(): readonly PendingFault[] {
    return this.#faked.faults;
  }

  fake(source: ApiSource, options: FakeOptions = {}): Promise<void> {
    return this.#faked.fake(source, options);
  }

  script(source: Script | string): void {
    this.#faked.script(source);
  }

  async createOperation(options: HandDrivenOptions = {}): Promise<HandDrivenOperation> {
    const { startedBy, id = this.#newId() } = options;
    const method = startedBy === undefined ? undefined : this.#startingMethod(startedBy);
    const { clock } = this;
    const registry = () => this.#faked.apis.schema.registry;
    const { retentionMs } = this.#settings;
    const operation = await startByHand(
      { store: this.#store, clock, retentionMs, registry },
      { ...options, id },
    );
    if (method !== undefined) this.#faked.held.add(method, operation);
    return operation;
  }

  failNext(method: string, failure: Failure = {}): void {
    const fault: Fault = { code: 'UNAVAILABLE', ...failure, method };
    this.#faked.plan.add(parseFault(fault, this.#faked.apis.types, 'failNext'));
  }

  inject(fault: Fault | NamedFault): void {
    this.#faked.plan.add(parseFault(fault, this.#faked.apis.types, 'inject'));
  }

  async whenCalled(method: string, times = 1): Promise<readonly RecordedCall[]> {
    const calls = await this.#faked.log.whenCalled(this.#methodName(method), times);
    // Work that the calls caused has begun, so time may pass.
    await settled();
    return calls;
  }

  expectNoOpenCalls(): void {
    this.#faked.log.expectNoOpenCalls();
  }

  reset(): void {
    this.#faked.reset();
  }

  async close(): Promise<void> {
    const { operations, gateway, server } = this.#faked;
    this.#client?.close();
    await operations.close({ graceMs: 0 });
    await this.#port?.close({ graceMs: 0 });
    await gateway?.close();
    server.forceShutdown();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tls(): ServerTls | undefined {
    if (!this.#settings.tls) return undefined;
    const { client, ...tls } = this.#settings.tls;
    return tls;
  }

  #clientTls(): ClientTls | undefined {
    const { tls } = this.#settings;
    if (!tls) return undefined;
    const { client = {}, cert, certFile } = tls;
    const trusts = client.ca !== undefined || client.caFile !== undefined;
    return trusts ? client : { ...client, ca: cert, caFile: certFile };
  }

  #newId(): string {
    return String(++this.#lastId);
  }

  #methodName(wanted: string): string {
    return nameIn(this.#faked.apis.types.methodNames, wanted);
  }

  /** Finds a method among those that start operations. */
  #startingMethod(wanted: string): string {
    return nameIn(this.#faked.apis.startingMethods, wanted);
  }
}

function nameIn(known: readonly string[], wanted: string): string {
  const found = findMethodName(wanted, known);
  if ('fault' in found) throw new TypeError(found.fault);
  return found.name;
}
