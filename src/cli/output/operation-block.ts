import { codeName } from '../../index.js';
import { type Field, fieldsOf } from './fields.js';
import {
  type AnyJson,
  detailOf,
  type ErrorJson,
  type OperationView,
  shortTypeName,
} from './operation-json.js';
import { printable } from './printable.js';

/** One operation as a block of lines for people: its name and state, then every field of what it carries. */
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
