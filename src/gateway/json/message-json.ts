import {
  createRegistry,
  type DescMessage,
  type JsonValue,
  type Message,
  type Registry,
} from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { TolerantJson } from '../../schema/tolerant-json.js';
import type { JsonFormat } from './json-format.js';

const ERROR_DETAIL = /^google\.rpc\.(?!Status$)/;

/** Writes the ProtoJSON of answers in the format that a request asks for. */
export class MessageJson {
  readonly #writers: Readonly<Record<JsonFormat['errorDetails'], TolerantJson>>;

  /** @param registry - the types that are known. */
  constructor(registry: Registry) {
    const ownTypes = Array.from(registry).filter(({ typeName }) => !ERROR_DETAIL.test(typeName));
    this.#writers = {
      all: new TolerantJson(registry),
      'own-types': new TolerantJson(createRegistry(...ownTypes)),
    };
  }

  /** @throws Error when the message has a value that ProtoJSON has not, such as a time past the year 9999. */
  write(type: DescMessage, message: Message, format: JsonFormat): JsonValue {
    return this.#writers[format.errorDetails].write(type, message, format);
  }

  /** A detail of an error; undefined when its type is unknown or its bytes are broken. */
  writeErrorDetail(detail: Pick<Any, 'typeUrl' | 'value'>, format: JsonFormat): JsonValue | undefined {
    return this.#writers.all.writeKnownAny(detail, format);
  }
}
