import { codeName } from '../../core/status.js';
import { readObject } from '../script/read-object.js';
import type { ScriptTypes } from '../script/script-types.js';
import { type Fault, type FaultSource, NAMED_FAULTS, type NamedFault } from './fault.js';
import { namedFault, readFault } from './read-fault.js';

/**
 * Parses a fault given as an object.
 *
 * @param from - name of the called function, for error messages.
 * @throws ScriptError with all faults of the definition.
 */
export function parseFault(source: FaultSource | NamedFault, types: ScriptTypes, from: string): Fault {
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
function codeOf({ code }: FaultSource): Pick<FaultSource, 'code'> {
  if (code === undefined) return {};
  return { code: typeof code === 'number' ? codeName(code) : code };
}
