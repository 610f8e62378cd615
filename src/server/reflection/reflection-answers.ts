import type { DescFile, FileRegistry } from '@bufbuild/protobuf';
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../../generated/grpc/reflection/v1/reflection.js';
import { Code, quoted } from '../../core/status.js';
import type { ReflectedFiles } from './reflected-files.js';

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;
type Question = ServerReflectionRequest['messageRequest'];

/** Answers reflection requests about the files and services of a server. */
export class ReflectionAnswers {
  readonly #files: ReflectedFiles;
  readonly #services: readonly string[];

  /** @param services - full names of the services that the server offers. */
  constructor(files: ReflectedFiles, services: readonly string[]) {
    this.#files = files;
    this.#services = [...new Set(services)].sort();
  }

  to(request: ServerReflectionRequest): ServerReflectionResponse {
    return {
      validHost: request.host,
      originalRequest: request,
      messageResponse: this.#answer(request.messageRequest),
    };
  }

  #answer(question: Question): Answer {
    switch (question?.$case) {
      case 'listServices': {
        const service = this.#services.map((name) => ({ name }));
        return { $case: 'listServicesResponse', value: { service } };
      }
      case 'fileByFilename':
        return this.#file(this.#files.named(question.value), `file ${quoted(question.value)}`);
      case 'fileContainingSymbol':
        return this.#file(this.#declaring(question.value), `symbol ${quoted(question.value)}`);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = question.value;
        const found = this.#extensions(containingType).find(({ number }) => number === extensionNumber);
        return this.#file(found?.file, `extension ${extensionNumber} of ${quoted(containingType)}`);
      }
      case 'allExtensionNumbersOfType':
        return this.#extensionNumbers(question.value);
      case undefined:
        return failure(Code.INVALID_ARGUMENT, 'request is empty: set one of its fields');
    }
  }

  #file(file: DescFile | undefined, asked: string): Answer {
    if (!file)
      return failure(Code.NOT_FOUND, `${asked} is unknown: list the services to see what is available`);
    return {
      $case: 'fileDescriptorResponse',
      value: { fileDescriptorProto: this.#files.withImports(file).map((bytes) => Buffer.from(bytes)) },
    };
  }

  #extensionNumbers(typeName: string): Answer {
    if (!this.#files.registries.some((registry) => registry.getMessage(typeName))) {
      return failure(
        Code.NOT_FOUND,
        `type ${quoted(typeName)} is unknown: list the services to see what is available`,
      );
    }
    const extensionNumber = [...new Set(this.#extensions(typeName).map(({ number }) => number))];
    return { $case: 'allExtensionNumbersResponse', value: { baseTypeName: typeName, extensionNumber } };
  }

  #extensions(typeName: string) {
    return this.#files.registries
      .flatMap((registry) => [...registry])
      .filter((type) => type.kind === 'extension')
      .filter(({ extendee }) => extendee.typeName === typeName);
  }

  /** File that declares a type or service, or that declares the owner of a member. */
  #declaring(symbol: string): DescFile | undefined {
    for (const registry of this.#files.registries) {
      const file = registry.get(symbol)?.file ?? memberFile(registry, symbol);
      if (file) return file;
    }
    return undefined;
  }
}

function memberFile(registry: FileRegistry, symbol: string): DescFile | undefined {
  const dot = symbol.lastIndexOf('.');
  const owner = registry.get(symbol.slice(0, dot));
  const member = symbol.slice(dot + 1);
  switch (owner?.kind) {
    case 'service':
      return owner.methods.some(({ name }) => name === member) ? owner.file : undefined;
    case 'message':
      return owner.members.some(({ name }) => name === member) ? owner.file : undefined;
    case 'enum':
      return owner.values.some(({ name }) => name === member) ? owner.file : undefined;
    case 'extension':
    case undefined:
      return undefined;
  }
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
