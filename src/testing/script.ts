import { findMethod, type LongRunningMethod, type Schema } from '../schema/index.js';
import { quoted, type StatusError } from '../status.js';
import { readFields, readMessage } from './proto-json-value.js';
import { readScriptedError } from './scripted-error.js';
import { readYaml, suggestion, type YamlValue } from './yaml-value.js';

/** What becomes of a request to cancel: obeyed, obeyed later, ignored, or answered UNIMPLEMENTED. */
export type OnCancel = 'honour' | 'ignore' | 'unimplemented' | { readonly afterMs: number };

/** A change of the metadata on the way. */
export interface ScriptStep {
  /** Since the start of the work. A step after its end never comes. */
  readonly atMs: number;
  /** The fields to set, by their names in messages. */
  readonly metadata: object;
}

/** How an operation ends, unless it is cancelled. */
export type ScriptedEnding =
  | { readonly type: 'response'; readonly response: object }
  | { readonly type: 'error'; readonly error: StatusError };

/** How the operations of one method go. */
export interface MethodScript {
  readonly durationMs: number;
  readonly onCancel: OnCancel;
  /** The fields of the metadata to begin with, by their names in messages. */
  readonly metadata: object;
  /** In the order of time. */
  readonly steps: readonly ScriptStep[];
  readonly ending: ScriptedEnding;
}

/** How operations go. */
export interface Script {
  /** By the full name of the method: `acme.jobs.v1.Jobs.RunJob`. */
  readonly methods: ReadonlyMap<string, MethodScript>;
  /** For every other method. */
  readonly default: MethodScript;
}

/** What {@link parseScript} takes besides the script. */
export interface ParseScriptOptions {
  /** The name of the file, for messages. */
  readonly file: string;
  /** The methods that may be named, and their types. */
  readonly schema: Schema;
}

/** What is so where a script says nothing: a second of work, cancelled on request, the empty response. */
export const DEFAULT_SCRIPT: Script = {
  methods: new Map(),
  default: {
    durationMs: 1000,
    onCancel: 'honour',
    metadata: {},
    steps: [],
    ending: { type: 'response', response: {} },
  },
};

/**
 * Reads a script: how the operations of faked services go.
 *
 * ```yaml
 * methods:
 *   acme.jobs.v1.Jobs.RunJob:
 *     durationMs: 2000                # default 1000
 *     onCancel: honour                # honour | ignore | unimplemented | { afterMs: 300 }
 *     metadata: { verb: run }         # ProtoJSON of metadata_type
 *     steps: [{ atMs: 500, metadata: { statusDetail: half way } }]
 *     response: { name: jobs/1 }      # ProtoJSON of response_type; default: the empty message
 *     error: { code: FAILED_PRECONDITION, message: no room }   # instead of response
 * default: { durationMs: 1000, onCancel: honour }              # what a method does not say itself
 * ```
 *
 * @throws ScriptError that names file, line and field of everything that is wrong.
 */
export function parseScript(text: string, { file, schema }: ParseScriptOptions): Script {
  return readYaml(text, file, (top) => {
    const fields = top?.fields(['methods', 'default']);
    const base = readDefault(fields?.default, schema);
    const methods = new Map<string, MethodScript>();
    for (const [name, value] of fields?.methods?.entries() ?? []) {
      const method = findMethod(schema, name);
      if (method) methods.set(method.name, readMethod(value, method, base, schema));
      else value.fault(unknownMethod(name, schema));
    }
    return { methods, default: base };
  });
}

function readDefault(value: YamlValue | undefined, schema: Schema): MethodScript {
  const fields = value?.fields(['durationMs', 'onCancel', 'error']);
  const error = fields?.error && readScriptedError(fields.error, schema.registry);
  return {
    ...DEFAULT_SCRIPT.default,
    ...readTiming(fields, DEFAULT_SCRIPT.default),
    ...(error && { ending: { type: 'error', error } }),
  };
}

const METHOD_FIELDS = ['durationMs', 'onCancel', 'metadata', 'steps', 'response', 'error'] as const;
type MethodFields = Partial<Record<(typeof METHOD_FIELDS)[number], YamlValue>>;

function readMethod(
  value: YamlValue,
  method: LongRunningMethod,
  base: MethodScript,
  schema: Schema,
): MethodScript {
  const fields = value.fields(METHOD_FIELDS) ?? {};
  const metadataOf = (metadata: YamlValue | undefined) =>
    (metadata && readFields(metadata, method.metadataType, schema.registry)) ?? {};
  const steps = fields.steps?.items()?.flatMap((step) => {
    const read = step.fields(['atMs', 'metadata']);
    if (!read) return [];
    const { atMs, metadata } = read;
    if (!atMs) step.fault('atMs is missing: say when, in milliseconds since the start');
    return { atMs: atMs?.milliseconds() ?? 0, metadata: metadataOf(metadata) };
  });
  return {
    ...readTiming(fields, base),
    metadata: metadataOf(fields.metadata),
    steps: steps?.toSorted((a, b) => a.atMs - b.atMs) ?? [],
    ending: readEnding(fields, method, schema) ?? base.ending,
  };
}

function readTiming(
  fields: MethodFields = {},
  base: MethodScript,
): Pick<MethodScript, 'durationMs' | 'onCancel'> {
  return {
    durationMs: fields.durationMs?.milliseconds() ?? base.durationMs,
    onCancel: (fields.onCancel && readOnCancel(fields.onCancel)) ?? base.onCancel,
  };
}

const ON_CANCEL = ['honour', 'ignore', 'unimplemented'] as const;

function readOnCancel(value: YamlValue): OnCancel | undefined {
  if (value.isMap()) {
    const { afterMs } = value.fields(['afterMs']) ?? {};
    if (!afterMs) return value.fault('afterMs is missing: say after how many milliseconds to obey');
    return { afterMs: afterMs.milliseconds() ?? 0 };
  }
  const given = value.toJson();
  const known = ON_CANCEL.find((candidate) => candidate === given);
  if (known) return known;
  const advice = suggestion(String(given), ON_CANCEL);
  return value.fault(`${value} is unknown: ${advice} (or { afterMs: 300 })`);
}

function readEnding(
  { response, error }: MethodFields,
  method: LongRunningMethod,
  { registry }: Schema,
): ScriptedEnding | undefined {
  if (response && error)
    error.fault('both response and error are given: an operation ends with one, keep one');
  if (error) {
    const read = readScriptedError(error, registry);
    return read && { type: 'error', error: read };
  }
  const read = response && readMessage(response, method.responseType, registry);
  return read && { type: 'response', response: read };
}

function unknownMethod(name: string, schema: Schema): string {
  const known = schema.methods.map((method) => method.name);
  return `method ${quoted(name)} is unknown or returns no google.longrunning.Operation: ${suggestion(name, known)}`;
}
