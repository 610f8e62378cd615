import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, Metadata } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../../generated/grpc/reflection/v1/reflection.js';
import { Code, StatusError } from '../../index.js';
import type { Connection } from '../connection/connection.js';

const { serverReflectionInfo } = ServerReflectionService;

/** Newest first. The older version has the same messages under another name. */
const PATHS = [
  serverReflectionInfo.path,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
] as const;

/** Types are an addition: what a command shows does not wait longer for them. */
const TIMEOUT_MS = 5000;
/** What a command shows once its time has passed still has types of a server that answers at once. */
const LEAST_TIMEOUT_MS = 250;

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/** `grpc.reflection.v1.ServerReflection` of a server, or `v1alpha` of those that have no other. */
export class ReflectionClient implements Disposable {
  readonly #client: Client;
  readonly #headers: Connection['headers'];
  readonly #timeLeftMs: () => number | undefined;
  #versions: readonly string[] = PATHS;

  /** @param timeLeftMs - what the command has left; undefined: no limit. */
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

  /** Full names of the services of the server. */
  async services(): Promise<string[]> {
    const answer = await this.#ask({ $case: 'listServices', value: '' });
    return answer.$case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : [];
  }

  /** The file that declares a message, an enum or a service, and perhaps what it imports. */
  filesWithSymbol(fullName: string): Promise<FileDescriptorProto[]> {
    return this.#files({ $case: 'fileContainingSymbol', value: fullName });
  }

  /** A file, and perhaps what it imports. */
  filesNamed(name: string): Promise<FileDescriptorProto[]> {
    return this.#files({ $case: 'fileByFilename', value: name });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #files(question: Question): Promise<FileDescriptorProto[]> {
    const answer = await this.#ask(question);
    if (answer.$case !== 'fileDescriptorResponse') return [];
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  }

  /** @throws StatusError when the server has no reflection, or no answer. */
  async #ask(question: Question): Promise<Answer> {
    const [path = '', ...older] = this.#versions;
    try {
      return await this.#call(path, question);
    } catch (thrown) {
      const error = StatusError.from(thrown);
      if (error.code !== Code.UNIMPLEMENTED || older.length === 0) throw error;
      this.#versions = older;
      return this.#ask(question);
    }
  }

  async #call(path: string, question: Question): Promise<Answer> {
    const leftMs = Math.max(LEAST_TIMEOUT_MS, this.#timeLeftMs() ?? TIMEOUT_MS);
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
      call.on('end', () => reject(new StatusError(Code.UNKNOWN, 'reflection ended without an answer')));
      call.write({ host: '', messageRequest: question });
      call.end();
    });
  }
}
