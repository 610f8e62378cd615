import { Code, codeName, kitError, type StatusError } from '../../core/status.js';
import { findMethodName } from '../../schema/index.js';
import { type ErrorFields, readErrorFields } from '../faking/scripted-error.js';
import { readObject } from '../script/readers.js';
import type { ScriptTypes } from '../script/script-source.js';
import { readChoice, type WrittenValue } from '../script/written-value.js';
import {
  type Consequence,
  FAULT_EFFECTS,
  type Fault,
  NAMED_FAULTS,
  type NamedFault,
  type ParsedFault,
} from './fault.js';

const WAIT = 'google.longrunning.Operations.WaitOperation';
const CANCEL = 'google.longrunning.Operations.CancelOperation';

const FIELDS = ['method', 'name', 'code', 'message', 'details', 'effect', 'times', 'delayMs'] as const;
type FaultFields = Partial<Record<(typeof FIELDS)[number], WrittenValue>>;

/** Reads a list of faults in the order of the file. */
export function readFaults(value: WrittenValue | undefined, types: ScriptTypes): ParsedFault[] {
  return value?.items()?.flatMap((item) => readFault(item, types) ?? []) ?? [];
}

/** Reads a fault: its name, or `{ method, name, code, message, details, effect, times, delayMs }`. */
function readFault(value: WrittenValue, types: ScriptTypes): ParsedFault | undefined {
  if (!value.isMap()) {
    const named = readChoice(value, NAMED_FAULTS, ' (or { method, code })');
    return named && namedFault(named);
  }
  const fields = value.fields(FIELDS);
  if (!fields) return undefined;
  const delayMs = fields.delayMs?.milliseconds() ?? 0;
  const consequence = readConsequence(value, fields, types);
  if (consequence?.type === 'none' && delayMs === 0) {
    return value.fault('fault has no effect: give code, effect or delayMs');
  }
  const method = readMethodName(fields, consequence, types);
  const times = fields.times ? readTimes(fields.times) : 1;
  return consequence && { method, name: fields.name?.text(), delayMs, times: times ?? 1, consequence };
}

/** Creates a named fault, which lasts until it is removed. */
function namedFault(name: NamedFault): ParsedFault {
  const method = methodOf(name);
  const message = `${method} is not implemented because of the injected fault ${name}: remove the fault to enable it`;
  const error = kitError(Code.UNIMPLEMENTED, 'INJECTED_FAULT', message, { metadata: { method } });
  const always = Number.POSITIVE_INFINITY;
  return { method, name: undefined, delayMs: 0, times: always, consequence: { type: 'error', error } };
}

function methodOf(name: NamedFault): string {
  switch (name) {
    case 'waitUnimplemented':
      return WAIT;
    case 'cancelUnimplemented':
      return CANCEL;
  }
}

function readMethodName(
  { method, effect }: FaultFields,
  consequence: Consequence | undefined,
  { methodNames }: ScriptTypes,
): string | undefined {
  const isEarly = consequence?.type === 'effect' && consequence.effect === 'answerEarly';
  if (!method) return isEarly ? WAIT : undefined;
  const wanted = method.text();
  if (wanted === undefined) return undefined;
  const found = findMethodName(wanted, methodNames);
  if ('fault' in found) return method.fault(found.fault);
  if (isEarly && found.name !== WAIT) effect?.fault('only WaitOperation waits: remove the method');
  return found.name;
}

function readConsequence(
  value: WrittenValue,
  { code, message, details, effect }: FaultFields,
  { registry }: ScriptTypes,
): Consequence | undefined {
  if (effect) {
    if (code) effect.fault('both code and effect are given: keep one');
    const read = readChoice(effect, FAULT_EFFECTS);
    return read && { type: 'effect', effect: read };
  }
  if (!code) {
    (message ?? details)?.fault('code is missing: name one, such as UNAVAILABLE');
    return { type: 'none' };
  }
  const fields: ErrorFields = { code, ...(message && { message }), ...(details && { details }) };
  const error = readErrorFields(value, fields, registry, injectedMessage);
  return error && { type: 'error', error: withInfo(error, details !== undefined) };
}

const injectedMessage = () => 'failure injected by a fault of the test server';

/** Marks an error as injected, so that programs can recognize it. */
function withInfo(error: StatusError, hasDetails: boolean): StatusError {
  return hasDetails ? error : kitError(error.code, 'INJECTED_FAULT', error.message);
}

function readTimes(times: WrittenValue): number | undefined {
  const value = times.toJson();
  if (value === 'always') return Number.POSITIVE_INFINITY;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  return times.fault(`${times} is not a number of calls: write a whole number, 1 or more, or always`);
}

/**
 * Parses a fault given as an object.
 *
 * @param from - name of the called function, for error messages.
 * @throws ScriptError with all faults of the definition.
 */
export function parseFault(source: Fault | NamedFault, types: ScriptTypes, from: string): ParsedFault {
  const named = NAMED_FAULTS.find((name) => name === source);
  if (named) return namedFault(named);
  const fault = typeof source === 'string' ? source : { ...source, ...codeOf(source) };
  const read = readObject({ fault }, from, (top) => {
    const value = top?.fields(['fault'])?.fault;
    return value && readFault(value, types);
  });
  if (!read) throw new TypeError(`${from} has no fault: give method and code, effect or delayMs`);
  return read;
}

/** Converts a code to its name, as scripts write it. */
function codeOf({ code }: Fault): Pick<Fault, 'code'> {
  if (code === undefined) return {};
  return { code: typeof code === 'number' ? codeName(code) : code };
}
