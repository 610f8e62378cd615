import type { JsonValue } from '@bufbuild/protobuf';
import { findMethod, type LongRunningMethod, type Schema } from '../schema/index.js';
import { quoted, type StatusError } from '../status.js';
import { mergeJson } from './merge-json.js';
import { pickFields, readJson, readMessage } from './proto-json-value.js';
import { readScriptedError } from './scripted-error.js';
import { readYaml, suggestion, type YamlValue } from './yaml-value.js';

/** What becomes of a request to cancel: obeyed, obeyed later, ignored, or answered UNIMPLEMENTED. */
export type OnCancel = 'honour' | 'ignore' | 'unimplemented' | { readonly afterMs: number };

/** What becomes of work whose server died, in a store that outlives it: it ends with ABORTED, or begins anew. */
export type OnInterrupted = (typeof ON_INTERRUPTED)[number];

const ON_INTERRUPTED = ['abort', 'resume'] as const;

/** A change of the metadata on the way. */
export interface ScriptStep {
  /** Since the start of the work. A step after its end never comes. */
  readonly atMs: number;
  /** The fields to set, each as a whole, by their names in messages. */
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
  readonly onInterrupted: OnInterrupted;
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
    onInterrupted: 'abort',
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
 *     onInterrupted: resume           # abort | resume, when the server died; default abort
 *     metadata: { verb: run }         # ProtoJSON of metadata_type
 *     steps: [{ atMs: 500, metadata: { statusDetail: half way } }]     # merged into metadata
 *     response: { name: jobs/1 }      # ProtoJSON of response_type; default: the empty message
 *     error: { code: FAILED_PRECONDITION, message: no room }   # instead of response
 * default: { durationMs: 1000, onCancel: honour }              # what a method does not say itself
 * ```
 *
 * The metadata of a step is merged into what the script said before: messages field by field and maps entry by entry,
 * however deep; lists and all other values are replaced.
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
      if (!method) value.fault(unknownMethod(name, schema));
      else if (methods.has(method.name))
        value.fault(`method ${method.name} is named twice: keep one of them`);
      else methods.set(method.name, readMethod(value, method, base, schema));
    }
    return { methods, default: base };
  });
}

function readDefault(value: YamlValue | undefined, schema: Schema): MethodScript {
  const fields = value?.fields(['durationMs', 'onCancel', 'onInterrupted', 'error']);
  const error = fields?.error && readScriptedError(fields.error, schema.registry);
  return {
    ...DEFAULT_SCRIPT.default,
    ...readConduct(fields, DEFAULT_SCRIPT.default),
    ...(error && { ending: { type: 'error', error } }),
  };
}

const METHOD_FIELDS = [
  'durationMs',
  'onCancel',
  'onInterrupted',
  'metadata',
  'steps',
  'response',
  'error',
] as const;
type MethodFields = Partial<Record<(typeof METHOD_FIELDS)[number], YamlValue>>;

function readMethod(
  value: YamlValue,
  method: LongRunningMethod,
  base: MethodScript,
  schema: Schema,
): MethodScript {
  const fields = value.fields(METHOD_FIELDS) ?? {};
  return {
    ...readConduct(fields, base),
    ...readMetadata(fields, method, schema),
    ending: readEnding(fields, method, schema) ?? base.ending,
  };
}

function readMetadata(
  fields: MethodFields,
  method: LongRunningMethod,
  { registry }: Schema,
): Pick<MethodScript, 'metadata' | 'steps'> {
  const { metadataType: type, faults } = method;
  const read = (metadata: YamlValue | undefined) => {
    if (!metadata) return undefined;
    const [fault] = faults;
    return fault === undefined ? readJson(metadata, type, registry) : metadata.fault(fault);
  };
  const given = read(fields.metadata);
  let known = given;
  return {
    metadata: given === undefined ? {} : pickFields(given, given, type, registry),
    steps: readSteps(fields.steps, read).map(({ atMs, metadata }) => {
      if (metadata === undefined) return { atMs, metadata: {} };
      known = known === undefined ? metadata : mergeJson(type, known, metadata);
      return { atMs, metadata: pickFields(known, metadata, type, registry) };
    }),
  };
}

/** In the order of time. */
function readSteps(
  steps: YamlValue | undefined,
  readMetadata: (metadata: YamlValue | undefined) => JsonValue | undefined,
): { readonly atMs: number; readonly metadata: JsonValue | undefined }[] {
  const read = steps?.items()?.flatMap((step) => {
    const fields = step.fields(['atMs', 'metadata']);
    if (!fields) return [];
    if (!fields.atMs) step.fault('atMs is missing: say when, in milliseconds since the start');
    return { atMs: fields.atMs?.milliseconds() ?? 0, metadata: readMetadata(fields.metadata) };
  });
  return read?.toSorted((a, b) => a.atMs - b.atMs) ?? [];
}

function readConduct(
  fields: MethodFields = {},
  base: MethodScript,
): Pick<MethodScript, 'durationMs' | 'onCancel' | 'onInterrupted'> {
  return {
    durationMs: fields.durationMs?.milliseconds() ?? base.durationMs,
    onCancel: (fields.onCancel && readOnCancel(fields.onCancel)) ?? base.onCancel,
    onInterrupted:
      (fields.onInterrupted && readChoice(fields.onInterrupted, ON_INTERRUPTED)) ?? base.onInterrupted,
  };
}

const ON_CANCEL = ['honour', 'ignore', 'unimplemented'] as const;

function readOnCancel(value: YamlValue): OnCancel | undefined {
  if (value.isMap()) {
    const { afterMs } = value.fields(['afterMs']) ?? {};
    if (!afterMs) return value.fault('afterMs is missing: say after how many milliseconds to obey');
    return { afterMs: afterMs.milliseconds() ?? 0 };
  }
  return readChoice(value, ON_CANCEL, ' (or { afterMs: 300 })');
}

/** One of some words; `besides` says what else the fault may name. */
function readChoice<Choice extends string>(
  value: YamlValue,
  choices: readonly Choice[],
  besides = '',
): Choice | undefined {
  const given = value.toJson();
  const known = choices.find((candidate) => candidate === given);
  return known ?? value.fault(`${value} is unknown: ${suggestion(String(given), choices)}${besides}`);
}

function readEnding(
  { response, error }: MethodFields,
  { responseType, faults: [fault] }: LongRunningMethod,
  { registry }: Schema,
): ScriptedEnding | undefined {
  if (response && error)
    error.fault('both response and error are given: an operation ends with one, keep one');
  if (error) {
    const read = readScriptedError(error, registry);
    return read && { type: 'error', error: read };
  }
  if (response && fault !== undefined) return response.fault(fault);
  const read = response && readMessage(response, responseType, registry);
  return read && { type: 'response', response: read };
}

function unknownMethod(name: string, schema: Schema): string {
  const known = schema.methods.map((method) => method.name);
  return `method ${quoted(name)} is unknown or returns no google.longrunning.Operation: ${suggestion(name, known)}`;
}
