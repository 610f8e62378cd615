import type { DescMessage, Message, Registry } from '@bufbuild/protobuf';
import { invalidField, quoted, type StatusError } from '../../core/status.js';
import { BoundFields, boundInQuery } from '../routing/bindings.js';
import type { HttpRule } from '../rules/http-rules.js';
import { encodeMessage } from './encode-message.js';
import { type FieldPath, findFieldPath, protoPath } from './field-path.js';
import { textToJson } from './json-value.js';
import { type BodyRule, type BodyType, readBody } from './request-body.js';
import { setField } from './set-field.js';

/** Parts of a request that set fields. */
export interface RequestParts {
  /** Values of path variables by field path, in proto names. */
  readonly bindings: ReadonlyMap<string, string>;
  /** Query parameters that name fields, in their original spelling. */
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** Creates the request messages of one HTTP rule. */
export class RequestTranscoder {
  readonly #type: DescMessage;
  readonly #body: BodyRule;
  readonly #registry: Registry;
  readonly #bodyType: BodyType;

  /**
   * @param registry - types that an Any may contain.
   * @param maxValues - upper bound on the values in a body.
   */
  constructor({ method, body }: HttpRule, registry: Registry, maxValues: number) {
    this.#type = method.input;
    this.#body = bodyRule(method.input, body);
    this.#registry = registry;
    this.#bodyType = { type: method.input, registry, maxValues };
  }

  /**
   * Encodes the request message.
   *
   * @throws StatusError INVALID_ARGUMENT if a value does not fit its field, a query parameter names no field, or
   * two parts of the request contradict each other.
   */
  encode({ bindings, query, body }: RequestParts): Uint8Array {
    const message = readBody(this.#body, body, this.#bodyType);
    for (const [name, text] of bindings) {
      this.#set(message, findFieldPath(this.#type, name), [text], { name, origin: 'path variable' });
    }
    if (query.size > 0) this.#setQuery(message, query, new BoundFields(bindings.keys()));
    return encodeMessage(this.#type, message, body.length + body.length / 8);
  }

  #setQuery(message: Message, query: RequestParts['query'], bound: BoundFields): void {
    const parameters = new Map<string, { name: string; path: FieldPath; texts: string[] }>();
    for (const [name, texts] of query) {
      const path = findFieldPath(this.#type, name);
      this.#checkInQuery(name, path, bound);
      const key = protoPath(path);
      const other = parameters.get(key);
      if (other) other.texts.push(...texts);
      else parameters.set(key, { name, path, texts: [...texts] });
    }
    for (const { name, path, texts } of parameters.values()) {
      this.#set(message, path, texts, { name, origin: 'query parameter' });
    }
  }

  #checkInQuery(name: string, path: FieldPath, bound: BoundFields): void {
    // Detects fields with a custom `json_name`.
    if (bound.overlaps(protoPath(path))) throw boundInQuery(name);
    // http.proto: body '*' includes every field that the path does not bind, so the query has none.
    const inBody =
      this.#body.kind === 'message' || (this.#body.kind === 'field' && this.#body.field === path[0]);
    if (inBody) throw invalidField(name, `query parameter ${quoted(name)} is of the body: put it there`);
  }

  #set(message: Message, path: FieldPath, texts: readonly string[], { name, origin }: Blamed): void {
    const field = path.at(-1) ?? path[0];
    const what = `${origin} ${quoted(name)}`;
    if (field.fieldKind !== 'list' && texts.length > 1) {
      throw invalidField(name, `${what} is given ${texts.length} times: give it once, ${field} is no list`);
    }
    const values = texts.map((text) => {
      const value = textToJson(field, text);
      if (value === undefined) throw misfit(name, `${what} is ${quoted(text)}, which does not fit ${field}`);
      return value;
    });
    const json = field.fieldKind === 'list' ? values : (values[0] ?? '');
    const outcome = setField(this.#type, message, path, json, this.#registry);
    switch (outcome.kind) {
      case 'set':
        return;
      case 'misfit':
        throw misfit(name, `${what} does not fit ${field}: ${outcome.why}`);
      case 'contradiction':
        throw invalidField(
          name,
          `${what} is ${quoted(texts.join())}, but the rest of the request says otherwise: say it once`,
        );
    }
  }
}

interface Blamed {
  readonly name: string;
  readonly origin: 'path variable' | 'query parameter';
}

function bodyRule(type: DescMessage, body: string | undefined): BodyRule {
  if (body === undefined) return { kind: 'none' };
  const field = type.fields.find(({ name }) => name === body);
  return field ? { kind: 'field', field } : { kind: 'message' };
}

function misfit(field: string, fault: string): StatusError {
  return invalidField(field, `${fault}; write it as ProtoJSON has it, without quotes`);
}
