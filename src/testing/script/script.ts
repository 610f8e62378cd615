import type { DescMessage, DescMethod, JsonValue, Registry } from '@bufbuild/protobuf';
import type { StatusError } from '../../core/status.js';
import { findMethod, findMethodName, type LongRunningMethod, type Schema } from '../../schema/index.js';
import { namedFields, readJson, readMessage } from '../faking/proto-json.js';
import { readScriptedError } from '../faking/scripted-error.js';
import type { ParsedFault } from '../faults/fault.js';
import { readFaults } from '../faults/read-fault.js';
import { readObject, readYaml } from './readers.js';
import {
  fullName,
  ON_INTERRUPTED,
  type OnCancel,
  type OnInterrupted,
  type Script,
  scriptTypes,
} from './script-source.js';
import { readChoice, type WrittenValue } from './written-value.js';

/** Change of the metadata during the work. */
export interface ScriptStep {
  /** Milliseconds since the start of the work. Steps after its end are skipped. */
  readonly atMs: number;
  /** Fields to set, each as a whole, by their names in messages. */
  readonly metadata: object;
}

/** Response of a call, or outcome of an operation that is not cancelled. */
export type ScriptedAnswer =
  | { readonly type: 'response'; readonly response: object }
  | { readonly type: 'error'; readonly error: StatusError };

/**
 * Outcome of an operation that is not cancelled. With `standard`, a standard method (AIP-133 to 135) responds
 * with the resource that it creates or updates. Other methods respond with the empty message.
 */
export type ScriptedEnding = ScriptedAnswer | { readonly type: 'standard' };

/** Behavior of the operations of one method. */
export interface ParsedMethodScript {
  readonly durationMs: number;
  readonly onCancel: OnCancel;
  readonly onInterrupted: OnInterrupted;
  /** Initial metadata fields, by their names in messages. */
  readonly metadata: object;
  /** Steps in chronological order. */
  readonly steps: readonly ScriptStep[];
  readonly ending: ScriptedEnding;
}

/** Behavior of operations and of other methods. */
export interface ParsedScript {
  /** Scripts by full name of the method, such as `acme.jobs.v1.Jobs.RunJob`. */
  readonly methods: ReadonlyMap<string, ParsedMethodScript>;
  /** Script of every other method. */
  readonly default: ParsedMethodScript;
  /** Answers of methods that return no operation, by full name. */
  readonly answers: ReadonlyMap<string, ScriptedAnswer>;
  /** Faults to inject, in order. */
  readonly faults: readonly ParsedFault[];
}

/** Options of {@link parseScript}. */
export interface ParseScriptOptions {
  /** Name of the file, for error messages. */
  readonly file: string;
  /** Methods that may be named, and their types. */
  readonly schema: Schema;
  /** Full names of methods that only faults may name. @defaultValue none */
  readonly hosted?: readonly string[];
  /** Values of settings that the script omits. @defaultValue those of {@link DEFAULT_SCRIPT} */
  readonly defaults?: ParsedMethodScript;
}

/** Default behavior: one second of work, cancelled on request, the standard response. */
export const DEFAULT_SCRIPT: ParsedScript = {
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
 * Parses a script, which describes the behavior of faked services. Methods are named in full or by any unique
 * suffix of their name.
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
 * default: { durationMs: 1000, onCancel: honour }              # for methods that do not set these
 * faults:                             # faults to inject, in order: see Fault
 *   - { method: GetOperation, code: UNAVAILABLE, times: 2 }
 *   - waitUnimplemented
 * ```
 *
 * The metadata of a step is merged into the previous metadata: messages field by field and maps entry by entry,
 * at any depth. Lists and all other values are replaced.
 *
 * @throws ScriptError that names file, line and field of every fault.
 */
export function parseScript(script: string | Script, options: ParseScriptOptions): ParsedScript {
  const { file } = options;
  const read = (top: WrittenValue | undefined) => readScript(top, options);
  return typeof script === 'string' ? readYaml(script, file, read) : readObject(script, file, read);
}

function readScript(
  top: WrittenValue | undefined,
  { schema, hosted = [], defaults = DEFAULT_SCRIPT.default }: ParseScriptOptions,
): ParsedScript {
  const fields = top?.fields(['methods', 'default', 'faults']);
  const base = readDefault(fields?.default, schema, defaults);
  return {
    ...readMethods(fields?.methods, base, { schema, hosted }),
    default: base,
    faults: readFaults(fields?.faults, scriptTypes(schema, hosted)),
  };
}

function readMethods(
  value: WrittenValue | undefined,
  base: ParsedMethodScript,
  { schema, hosted }: Required<Pick<ParseScriptOptions, 'schema' | 'hosted'>>,
): Pick<ParsedScript, 'methods' | 'answers'> {
  const methods = new Map<string, ParsedMethodScript>();
  const answers = new Map<string, ScriptedAnswer>();
  const unary = new Map(unaryMethods(schema).map((method) => [fullName(method), method]));
  for (const [wanted, entry] of value?.entries() ?? []) {
    const found = findMethodName(wanted, [...unary.keys()]);
    if ('fault' in found) {
      const own = findMethodName(wanted, hosted);
      entry.fault('fault' in own ? found.fault : hostedFault(own.name));
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

/** Message for a script that changes a hosted method. */
function hostedFault(name: string): string {
  return `method ${name} is hosted, and scripts apply to faked methods: change its implementation`;
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
  if (!fields.response && !fields.error) return value.fault('no answer: give response or error');
  return readResponseOrError(fields, type, registry);
}

/** Returns `defaults` itself if the script does not set any. */
function readDefault(
  value: WrittenValue | undefined,
  schema: Schema,
  defaults: ParsedMethodScript,
): ParsedMethodScript {
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
  base: ParsedMethodScript,
  schema: Schema,
): ParsedMethodScript {
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
): Pick<ParsedMethodScript, 'metadata' | 'steps'> {
  const { metadataType: type, faults } = method;
  const read = (metadata: WrittenValue | undefined) => {
    if (!metadata) return undefined;
    const [fault] = faults;
    return fault === undefined ? readJson(metadata, type, registry) : metadata.fault(fault);
  };
  const named = (metadata: JsonValue | undefined) =>
    metadata === undefined ? {} : namedFields(metadata, type, registry);
  return {
    metadata: named(read(fields.metadata)),
    steps: readSteps(fields.steps, read).map(({ atMs, metadata }) => ({ atMs, metadata: named(metadata) })),
  };
}

/** Reads steps in chronological order. */
function readSteps(
  steps: WrittenValue | undefined,
  readMetadata: (metadata: WrittenValue | undefined) => JsonValue | undefined,
): { readonly atMs: number; readonly metadata: JsonValue | undefined }[] {
  const read = steps?.items()?.flatMap((step) => {
    const fields = step.fields(['atMs', 'metadata']);
    if (!fields) return [];
    if (!fields.atMs) step.fault('atMs is missing: give the time in milliseconds since the start');
    return { atMs: fields.atMs?.milliseconds() ?? 0, metadata: readMetadata(fields.metadata) };
  });
  return read?.toSorted((a, b) => a.atMs - b.atMs) ?? [];
}

function readConduct(
  fields: MethodFields = {},
  base: ParsedMethodScript,
): Pick<ParsedMethodScript, 'durationMs' | 'onCancel' | 'onInterrupted'> {
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
    if (!afterMs)
      return value.fault('afterMs is missing: give the delay of the cancellation in milliseconds');
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
  if (response && error) error.fault('both response and error are given: keep one');
  if (error) {
    const read = readScriptedError(error, registry);
    return read && { type: 'error', error: read };
  }
  const read = response && readMessage(response, type, registry);
  return read && { type: 'response', response: read };
}

/** Merged scripts. For each method the last script that names it counts. */
export class LiveScript {
  #current: ParsedScript = DEFAULT_SCRIPT;

  get current(): ParsedScript {
    return this.#current;
  }

  /** Replaces the entries of the methods that `script` names, and the default if it has one. */
  add(script: ParsedScript): void {
    const { methods, answers, default: base } = this.#current;
    this.#current = {
      methods: new Map([...methods, ...script.methods]),
      answers: new Map([...answers, ...script.answers]),
      default: script.default === DEFAULT_SCRIPT.default ? base : script.default,
      faults: [],
    };
  }

  /** Discards everything except these scripts. */
  reset(scripts: readonly ParsedScript[]): void {
    this.#current = DEFAULT_SCRIPT;
    for (const script of scripts) this.add(script);
  }
}
