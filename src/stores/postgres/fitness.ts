import { Code, kitError, quoted } from '../../core/status.js';
import type { PostgresQueries } from './connection.js';

/** A setting without which operations would be lost or altered. */
interface Requirement {
  readonly setting: string;
  readonly value: string;
  readonly advice: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  {
    setting: 'server_encoding',
    value: 'UTF8',
    advice:
      "operations hold any Unicode text; use a database made by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
  },
  {
    setting: 'array_nulls',
    value: 'on',
    advice: 'with it off, NULL in an array is text; turn it on with ALTER ROLE … SET array_nulls = on',
  },
  {
    setting: 'standard_conforming_strings',
    value: 'on',
    advice:
      'pg-boss needs backslashes to be ordinary characters; turn it on with ALTER ROLE … SET standard_conforming_strings = on',
  },
];

/** @throws StatusError FAILED_PRECONDITION if a database cannot keep operations, with the setting and what to do. */
export async function assertFit(queries: PostgresQueries): Promise<void> {
  const names = REQUIREMENTS.map(({ setting }) => `current_setting('${setting}') AS ${setting}`);
  const { rows } = await queries.query(`SELECT ${names.join(', ')}`);
  for (const { setting, value, advice } of REQUIREMENTS) {
    const actual: string = rows[0][setting];
    if (actual === value) continue;
    const message = `database cannot be used: ${setting} is ${quoted(actual)}, and must be ${quoted(value)}: ${advice}`;
    throw kitError(Code.FAILED_PRECONDITION, 'DATABASE_UNFIT', message, {
      metadata: { setting, value: actual },
    });
  }
}
