import { codeName } from '../../index.js';
import {
  type AnyJson,
  detailOf,
  type ErrorJson,
  type OperationView,
  shortTypeName,
} from './operation-json.js';
import { printable } from './terminal-text.js';

/** Formats an operation as a block of lines: name and state, then every field of metadata, error and response. */
export function operationBlock(operation: OperationView): string {
  const { state, json } = operation;
  const { name = '', metadata, error, response } = json;
  const detail = state === 'running' ? detailOf(operation) : '';
  const head: Field[] = [
    ['operation', name],
    ['state', detail === '' ? state : `${state} (${detail})`],
  ];
  return [
    ...aligned(head),
    ...(metadata ? anyLines('metadata', metadata) : []),
    ...(error ? errorLines(error) : []),
    ...(response ? anyLines('response', response) : []),
  ].join('\n');
}

function errorLines({ code = 0, message = '', details = [] }: ErrorJson): string[] {
  const summary: Field = ['error', `${codeName(code)} (${code}): ${message}`];
  return [...aligned([summary]), ...details.flatMap((detail) => indented(anyLines('detail', detail)))];
}

function anyLines(label: string, any: AnyJson): string[] {
  const { '@type': _, ...fields } = any;
  return [...aligned([[label, shortTypeName(any)]]), ...indented(aligned(fieldsOf(fields)))];
}

const LABEL_WIDTH = 9;

function aligned(fields: readonly Field[]): string[] {
  const width = Math.max(LABEL_WIDTH, ...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${printable(name).padEnd(width)}  ${printable(value)}`.trimEnd());
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** Width of the longest state, which aligns the text after it. */
const STATE_WIDTH = 'succeeded'.length;

/** Formats an operation as one line: name, state, and progress or error. */
export function operationLine(operation: OperationView): string {
  const { state, json } = operation;
  return printable(`${json.name ?? ''}  ${state.padEnd(STATE_WIDTH)}  ${detailOf(operation)}`).trimEnd();
}

/** Path of a field, such as `controlPlane.version`, and its value as text. */
export type Field = readonly [path: string, value: string];

/** Lists the fields of a message in ProtoJSON, including those of nested messages. */
function fieldsOf(message: object, prefix = ''): Field[] {
  return Object.entries(message).flatMap(([key, item]): Field[] => {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
      return fieldsOf(item, `${prefix}${key}.`);
    }
    return [[prefix + key, typeof item === 'string' ? item : JSON.stringify(item)]];
  });
}

/** Lists the fields that are new or have another value than before. */
export function changedFields(before: object, after: object): Field[] {
  const known = new Map(fieldsOf(before));
  return fieldsOf(after).filter(([path, value]) => known.get(path) !== value);
}
