import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, Metadata } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../../generated/grpc/reflection/v1/reflection.js';
import { Code, StatusError } from '../../index.js';
import { type Schema, schemaOfFiles } from '../../schema/index.js';
import type { Connection } from '../connection/connection.js';

type Reflection = Pick<ReflectionClient, 'services' | 'filesWithSymbol' | 'filesNamed'>;

/**
 * Types that a server reports by reflection, each fetched once and only when needed. A server without reflection, or
 * without an answer, has no types.
 */
export class ServerTypes {
  readonly #reflection: Reflection;
  readonly #files = new Map<string, FileDescriptorProto>();
  readonly #lookups = new Map<string, Promise<void>>();
  #turn: Promise<unknown> = Promise.resolve();
  #built: { readonly files: number; readonly schema: Schema | undefined } | undefined;

  constructor(reflection: Reflection) {
    this.#reflection = reflection;
  }

  /** Resolves to a schema of all known types, including the named ones if the server has them. */
  having(fullNames: readonly string[]): Promise<Schema | undefined> {
    // Lookups run one at a time, so that the schema is built when all imports of a file are present.
    const having = this.#turn.then(async () => {
      await Promise.all(fullNames.map((name) => this.#lookUp(name)));
      return this.#schema();
    });
    this.#turn = having;
    return having;
  }

  /** Resolves to a schema with every service of the server. */
  async ofServices(): Promise<Schema | undefined> {
    const services = await this.#reflection.services().catch(() => []);
    return this.having(services);
  }

  #lookUp(fullName: string): Promise<void> {
    const known = this.#lookups.get(fullName);
    if (known) return known;
    const registry = this.#built?.schema?.registry;
    if (registry?.getMessage(fullName) || registry?.getService(fullName)) return Promise.resolve();
    const lookup = this.#add(this.#reflection.filesWithSymbol(fullName));
    this.#lookups.set(fullName, lookup);
    return lookup;
  }

  /** Adds files and, as far as the server has them, their imports. */
  async #add(answer: Promise<readonly FileDescriptorProto[]>): Promise<void> {
    const files = await answer.catch(() => []);
    for (const file of files) if (!this.#files.has(file.name)) this.#files.set(file.name, file);
    const imports = new Set(files.flatMap(({ dependency }) => dependency));
    const missing = [...imports].filter((name) => !this.#files.has(name) && !this.#lookups.has(name));
    await Promise.all(
      missing.map((name) => {
        const lookup = this.#add(this.#reflection.filesNamed(name));
        this.#lookups.set(name, lookup);
        return lookup;
      }),
    );
  }

  #schema(): Schema | undefined {
    const files = this.#files.size;
    if (this.#built?.files !== files)
      this.#built = { files, schema: schemaOrNone([...this.#files.values()]) };
    return this.#built.schema;
  }
}

/** Ignores invalid files: only the owner of the server can correct them. */
function schemaOrNone(files: readonly FileDescriptorProto[]): Schema | undefined {
  if (files.length === 0) return undefined;
  try {
    return schemaOfFiles(files);
  } catch {
    return undefined;
  }
}

const { serverReflectionInfo } = ServerReflectionService;

/** Reflection methods, newest first. The older version has the same messages under another name. */
const PATHS = [
  serverReflectionInfo.path,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
] as const;

/** Longest time that a command waits for types, which only improve its output. */
const TIMEOUT_MS = 5000;
/** Shortest timeout, so that output after `--timeout` still has the types of a server that answers at once. */
const MIN_TIMEOUT_MS = 250;

type ReflectionRequest = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/** Client of `grpc.reflection.v1.ServerReflection`, or of `v1alpha` if the server has no other version. */
export class ReflectionClient implements Disposable {
  readonly #client: Client;
  readonly #headers: Connection['headers'];
  readonly #timeLeftMs: () => number | undefined;
  #versions: readonly string[] = PATHS;

  /** @param timeLeftMs - returns the time that the command has left; undefined means no limit. */
  constructor(
    { channel, headers }: Pick<Connection, 'channel' | 'headers'>,
    timeLeftMs: () => number | undefined,
  ) {
    this.#timeLeftMs = timeLeftMs;
    this.#client = new Client(channel.target, channel.credentials, {
      'grpc.max_receive_message_length': -1,
      ...(channel.loopback && { 'grpc.enable_http_proxy': 0 }),
    });
    this.#headers = headers;
  }

  /** Lists the full names of the server's services. */
  async services(): Promise<string[]> {
    const answer = await this.#ask({ $case: 'listServices', value: '' });
    return answer.$case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : [];
  }

  /** Fetches the file that declares a message, an enum or a service. The server may add its imports. */
  filesWithSymbol(fullName: string): Promise<FileDescriptorProto[]> {
    return this.#files({ $case: 'fileContainingSymbol', value: fullName });
  }

  /** Fetches a file by name. The server may add its imports. */
  filesNamed(name: string): Promise<FileDescriptorProto[]> {
    return this.#files({ $case: 'fileByFilename', value: name });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #files(request: ReflectionRequest): Promise<FileDescriptorProto[]> {
    const answer = await this.#ask(request);
    if (answer.$case !== 'fileDescriptorResponse') return [];
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  }

  /** Calls the newest version that the server has. @throws StatusError if it has none, or does not answer. */
  async #ask(request: ReflectionRequest): Promise<Answer> {
    const [path = '', ...older] = this.#versions;
    try {
      return await this.#call(path, request);
    } catch (thrown) {
      const error = StatusError.from(thrown);
      if (error.code !== Code.UNIMPLEMENTED || older.length === 0) throw error;
      this.#versions = older;
      return this.#ask(request);
    }
  }

  async #call(path: string, request: ReflectionRequest): Promise<Answer> {
    const leftMs = Math.max(MIN_TIMEOUT_MS, this.#timeLeftMs() ?? TIMEOUT_MS);
    const timeoutMs = Math.min(TIMEOUT_MS, leftMs);
    const options = { deadline: Date.now() + timeoutMs };
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(await this.#headers(timeoutMs))) metadata.set(name, value);
    const { requestSerialize, responseDeserialize } = serverReflectionInfo;
    return new Promise((resolve, reject) => {
      const call = this.#client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadata,
        options,
      );
      call.on('data', ({ messageResponse }: ServerReflectionResponse) => {
        if (messageResponse?.$case === 'errorResponse') {
          const { errorCode, errorMessage } = messageResponse.value;
          reject(new StatusError(errorCode as Code, errorMessage));
        } else if (messageResponse) resolve(messageResponse);
      });
      call.on('error', reject);
      call.on('end', () =>
        reject(new StatusError(Code.UNKNOWN, 'reflection stream ended without an answer')),
      );
      call.write({ host: '', messageRequest: request });
      call.end();
    });
  }
}
