import { nearest } from '../../core/nearest.js';
import { quoted } from '../../core/status.js';
import { HttpRuleError } from '../../schema/path-template.js';

/** One HTTP binding of an RPC: a `google.api.HttpRule` without its additional bindings. */
export interface HttpBinding {
  /** `GET`, or the kind of a custom pattern such as `HEAD`, or `*` for any method. */
  readonly httpMethod: string;
  readonly template: string;
  /**
   * Request field that is the body, or `*` for every field that the path does not bind. Undefined if there is no
   * body.
   */
  readonly body?: string;
  /** Response field that is the body. Undefined if the body is the whole response. */
  readonly responseBody?: string;
  /** File and rule, for error messages. */
  readonly source: string;
}

const PATTERNS = ['get', 'put', 'post', 'delete', 'patch', 'custom'] as const;
const FIELDS = [...PATTERNS, 'selector', 'body', 'response_body', 'additional_bindings'] as const;
type Fields = { readonly [Name in (typeof FIELDS)[number]]?: unknown };

/**
 * Lists the bindings of a `google.api.HttpRule` in ProtoJSON: its own first, then the additional ones.
 *
 * @param source - file and rule, for error messages.
 * @throws HttpRuleError if the value is not such a message, has no pattern or several, or nests additional
 * bindings.
 */
export function readBindings(json: unknown, source: string): HttpBinding[] {
  const rule = readFields(json, source);
  const additional = readList(rule.additional_bindings, 'additional_bindings', source);
  const bindings = additional.map((nested, index) => {
    const nestedSource = `${source}, additional_bindings[${index}]`;
    const fields = readFields(nested, nestedSource);
    if (readList(fields.additional_bindings, 'additional_bindings', nestedSource).length > 0) {
      throw new HttpRuleError(
        `${nestedSource}: additional bindings are nested: put them all in the list of the rule itself`,
      );
    }
    return readBinding(fields, nestedSource);
  });
  return [readBinding(rule, source), ...bindings];
}

/** Reads a list. Returns an empty list if it is not set. */
export function readList(value: unknown, name: string, source: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new HttpRuleError(`${source}: ${name} is ${shown(value)}, not a list: write its items one by one`);
}

/** Reads an object. */
export function readObject(value: unknown, source: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new HttpRuleError(`${source}: ${shown(value)} is not an object: write its fields as "name: value"`);
}

/** Reads text. Returns undefined if it is not set or empty, which are the same in ProtoJSON. */
export function readText(value: unknown, name: string, source: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new HttpRuleError(`${source}: ${name} is ${shown(value)}, not text: put it in quotes`);
}

function readBinding(rule: Fields, source: string): HttpBinding {
  const patterns = PATTERNS.filter((name) => rule[name] !== undefined && rule[name] !== null);
  const [pattern] = patterns;
  if (pattern === undefined || patterns.length > 1) {
    const fault = pattern === undefined ? 'the rule has no pattern' : `it has ${patterns.join(' and ')}`;
    throw new HttpRuleError(`${source}: ${fault}: give it one of ${PATTERNS.join(', ')}`);
  }
  const body = readText(rule.body, 'body', source);
  const responseBody = readText(rule.response_body, 'response_body', source);
  return {
    ...(pattern === 'custom' ? readCustom(rule.custom, source) : readPattern(rule, pattern, source)),
    ...(body !== undefined && { body }),
    ...(responseBody !== undefined && { responseBody }),
    source,
  };
}

type Pattern = Pick<HttpBinding, 'httpMethod' | 'template'>;

function readPattern(rule: Fields, name: keyof Fields, source: string): Pattern {
  return { httpMethod: name.toUpperCase(), template: readText(rule[name], name, source) ?? '' };
}

function readCustom(value: unknown, source: string): Pattern {
  const { kind, path } = readObject(value, `${source}, custom`);
  const httpMethod = readText(kind, 'custom.kind', source);
  if (httpMethod === undefined) {
    throw new HttpRuleError(`${source}: custom.kind is missing: name an HTTP method, or "*" for any`);
  }
  return { httpMethod, template: readText(path, 'custom.path', source) ?? '' };
}

/** Converts field names to proto names: `responseBody` in ProtoJSON is `response_body`. */
function readFields(json: unknown, source: string): Fields {
  const entries = Object.entries(readObject(json, source)).map(([name, value]) => {
    const snake = name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
    if (FIELDS.some((known) => known === snake)) return [snake, value];
    const candidate = nearest(snake, FIELDS);
    throw new HttpRuleError(
      `${source}: field ${quoted(name)} is unknown: ${candidate ? `did you mean ${quoted(candidate)}?` : `use ${FIELDS.join(', ')}`}`,
    );
  });
  return Object.fromEntries(entries);
}

function shown(value: unknown): string {
  return quoted(JSON.stringify(value) ?? 'undefined');
}
