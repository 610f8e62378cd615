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

/** Writes responses as ProtoJSON, in the format that the request asks for. */
export class MessageJson {
  readonly #writers: Readonly<Record<JsonFormat['errorDetails'], TolerantJson>>;

  /** @param registry - known types. */
  constructor(registry: Registry) {
    const ownTypes = Array.from(registry).filter(({ typeName }) => !ERROR_DETAIL.test(typeName));
    this.#writers = {
      all: new TolerantJson(registry),
      'own-types': new TolerantJson(createRegistry(...ownTypes)),
    };
  }

  /** @throws Error if the message has a value that ProtoJSON cannot express, such as a time after the year 9999. */
  write(type: DescMessage, message: Message, format: JsonFormat): JsonValue {
    return this.#writers[format.errorDetails].write(type, message, format);
  }

  /** Converts a detail of an error. Returns undefined if its type is unknown or its bytes cannot be decoded. */
  writeErrorDetail(detail: Pick<Any, 'typeUrl' | 'value'>, format: JsonFormat): JsonValue | undefined {
    return this.#writers.all.writeKnownAny(detail, format);
  }
}
