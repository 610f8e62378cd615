import type { DescMessage, DescMethod, JsonValue, Registry } from '@bufbuild/protobuf';
import type { StatusError } from '../../core/status.js';
import { findMethod, findMethodName, type LongRunningMethod, type Schema } from '../../schema/index.js';
import { ON_INTERRUPTED, type OnCancel, type OnInterrupted } from '../faking/cancel-behavior.js';
import { readChoice } from '../faking/choice.js';
import { mergeJson } from '../faking/merge-json.js';
import { pickFields, readJson, readMessage } from '../faking/proto-json-value.js';
import { readScriptedError } from '../faking/scripted-error.js';
import type { Fault } from '../faults/fault.js';
import { readFaults } from '../faults/read-fault.js';
import { readObject } from './read-object.js';
import { readYaml } from './read-yaml.js';
import type { ScriptSource } from './script-source.js';
import { fullName, scriptTypes } from './script-types.js';
import type { WrittenValue } from './written-value.js';

/** A change of the metadata on the way. */
export interface ScriptStep {
  /** Since the start of the work. A step after its end never comes. */
  readonly atMs: number;
  /** The fields to set, each as a whole, by their names in messages. */
  readonly metadata: object;
}

/** What a call is answered, or an operation ends with unless it is cancelled. */
export type ScriptedAnswer =
  | { readonly type: 'response'; readonly response: object }
  | { readonly type: 'error'; readonly error: StatusError };

/**
 * How an operation ends, unless it is cancelled. `standard`: with the resource that it creates or updates, where its
 * method is a standard one (AIP-133 to 135); else with the empty message.
 */
export type ScriptedEnding = ScriptedAnswer | { readonly type: 'standard' };

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

/** How operations go, and what else is answered. */
export interface Script {
  /** By the full name of the method: `acme.jobs.v1.Jobs.RunJob`. */
  readonly methods: ReadonlyMap<string, MethodScript>;
  /** For every other method. */
  readonly default: MethodScript;
  /** What methods that return no operation answer, by their full names. */
  readonly answers: ReadonlyMap<string, ScriptedAnswer>;
  /** What goes wrong, in order. */
  readonly faults: readonly Fault[];
}

/** What {@link parseScript} takes besides the script. */
export interface ParseScriptOptions {
  /** The name of the file, for messages. */
  readonly file: string;
  /** The methods that may be named, and their types. */
  readonly schema: Schema;
  /** What is so where the script says nothing. @defaultValue as {@link DEFAULT_SCRIPT} has it */
  readonly defaults?: MethodScript;
}

/** What is so where a script says nothing: a second of work, cancelled on request, the standard response. */
export const DEFAULT_SCRIPT: Script = {
  methods: new Map(),
  default: {
    durationMs: 1000,
    onCancel: 'honour',
    onInterrupted: 'abort',
    metadata: {},
    steps: [],
    ending: { type: 'standard' },
  },
  answers: new Map(),
  faults: [],
};

/**
 * Reads a script: how the operations of faked services go. Methods are named in full, or by the end of their name
 * that no other has.
 *
 * ```yaml
 * methods:
 *   acme.jobs.v1.Jobs.RunJob:
 *     durationMs: 2000                # default 1000
 *     onCancel: honour                # honour | ignore | unimplemented | { afterMs: 300 }
 *     onInterrupted: resume           # abort | resume, when the server died; default abort
 *     metadata: { verb: run }         # ProtoJSON of metadata_type
 *     steps: [{ atMs: 500, metadata: { statusDetail: half way } }]     # merged into metadata
 *     response: { name: jobs/1 }      # ProtoJSON of response_type; default: the resource, or the empty message
 *     error: { code: FAILED_PRECONDITION, message: no room }   # instead of response
 *   acme.jobs.v1.Jobs.GetJob:         # one that returns no operation: response or error
 *     response: { name: jobs/1 }
 * default: { durationMs: 1000, onCancel: honour }              # what a method does not say itself
 * faults:                             # what goes wrong, in order: see FaultSource
 *   - { method: GetOperation, code: UNAVAILABLE, times: 2 }
 *   - waitUnimplemented
 * ```
 *
 * The metadata of a step is merged into what the script said before: messages field by field and maps entry by entry,
 * however deep; lists and all other values are replaced.
 *
 * @throws ScriptError that names file, line and field of everything that is wrong.
 */
export function parseScript(script: string | ScriptSource, options: ParseScriptOptions): Script {
  const { file, schema, defaults = DEFAULT_SCRIPT.default } = options;
  const read = (top: WrittenValue | undefined) => readScript(top, schema, defaults);
  return typeof script === 'string' ? readYaml(script, file, read) : readObject(script, file, read);
}

function readScript(top: WrittenValue | undefined, schema: Schema, defaults: MethodScript): Script {
  const fields = top?.fields(['methods', 'default', 'faults']);
  const base = readDefault(fields?.default, schema, defaults);
  return {
    ...readMethods(fields?.methods, base, schema),
    default: base,
    faults: readFaults(fields?.faults, scriptTypes(schema)),
  };
}

function readMethods(
  value: WrittenValue | undefined,
  base: MethodScript,
  schema: Schema,
): Pick<Script, 'methods' | 'answers'> {
  const methods = new Map<string, MethodScript>();
  const answers = new Map<string, ScriptedAnswer>();
  const unary = new Map(unaryMethods(schema).map((method) => [fullName(method), method]));
  for (const [wanted, entry] of value?.entries() ?? []) {
    const found = findMethodName(wanted, [...unary.keys()]);
    if ('fault' in found) {
      entry.fault(found.fault);
      continue;
    }
    const { name } = found;
    if (methods.has(name) || answers.has(name))
      entry.fault(`method ${name} is named twice: keep one of them`);
    const longRunning = findMethod(schema, name);
    const answer = longRunning ? undefined : readAnswer(entry, unary.get(name)?.output, schema);
    if (longRunning) methods.set(name, readMethod(entry, longRunning, base, schema));
    else if (answer) answers.set(name, answer);
  }
  return { methods, answers };
}

function unaryMethods({ services }: Schema): DescMethod[] {
  return services.flatMap((service) => service.methods.filter(({ methodKind }) => methodKind === 'unary'));
}

function readAnswer(
  value: WrittenValue,
  type: DescMessage | undefined,
  { registry }: Schema,
): ScriptedAnswer | undefined {
  const fields = value.fields(['response', 'error']);
  if (!fields || !type) return undefined;
  if (!fields.response && !fields.error) return value.fault('it answers nothing: give response or error');
  return readResponseOrError(fields, type, registry);
}

/** The very defaults, when the script says nothing of them. */
function readDefault(value: WrittenValue | undefined, schema: Schema, defaults: MethodScript): MethodScript {
  const fields = value?.fields(['durationMs', 'onCancel', 'onInterrupted', 'error']);
  if (!fields) return defaults;
  const error = fields.error && readScriptedError(fields.error, schema.registry);
  return {
    ...defaults,
    ...readConduct(fields, defaults),
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
type MethodFields = Partial<Record<(typeof METHOD_FIELDS)[number], WrittenValue>>;

function readMethod(
  value: WrittenValue,
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
  const read = (metadata: WrittenValue | undefined) => {
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
  steps: WrittenValue | undefined,
  readMetadata: (metadata: WrittenValue | undefined) => JsonValue | undefined,
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

function readOnCancel(value: WrittenValue): OnCancel | undefined {
  if (value.isMap()) {
    const { afterMs } = value.fields(['afterMs']) ?? {};
    if (!afterMs) return value.fault('afterMs is missing: say after how many milliseconds to obey');
    return { afterMs: afterMs.milliseconds() ?? 0 };
  }
  return readChoice(value, ON_CANCEL, ' (or { afterMs: 300 })');
}

function readEnding(
  fields: MethodFields,
  { responseType, faults: [fault] }: LongRunningMethod,
  { registry }: Schema,
): ScriptedAnswer | undefined {
  if (fields.response && !fields.error && fault !== undefined) return fields.response.fault(fault);
  return readResponseOrError(fields, responseType, registry);
}

function readResponseOrError(
  { response, error }: MethodFields,
  type: DescMessage,
  registry: Registry,
): ScriptedAnswer | undefined {
  if (response && error) error.fault('both response and error are given: one is answered, keep one');
  if (error) {
    const read = readScriptedError(error, registry);
    return read && { type: 'error', error: read };
  }
  const read = response && readMessage(response, type, registry);
  return read && { type: 'response', response: read };
}
