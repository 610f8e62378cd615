import type { Registry } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { Code, type CodeName, StatusError } from '../../core/status.js';
import { suggestion, type WrittenValue } from '../script/written-value.js';
import { readMessage } from './proto-json.js';

/** Codes of errors: all except OK. */
const CODE_NAMES = (Object.keys(Code) as CodeName[]).filter((name) => name !== 'OK');

const ERROR_FIELDS = ['code', 'message', 'details'] as const;

/** Unparsed fields of an error. */
export type ErrorFields = Partial<Record<(typeof ERROR_FIELDS)[number], WrittenValue>>;

/** Reads `{ code, message, details? }`. */
export function readScriptedError(value: WrittenValue, registry: Registry): StatusError | undefined {
  const fields = value.fields(ERROR_FIELDS);
  if (!fields) return undefined;
  return readErrorFields(value, fields, registry, () =>
    value.fault('message is missing: describe what went wrong'),
  );
}

/**
 * Reads an error from its fields.
 *
 * @param value - value that the fields belong to.
 * @param defaultMessage - supplies a missing message, or notes a fault and returns undefined.
 */
export function readErrorFields(
  value: WrittenValue,
  fields: ErrorFields,
  registry: Registry,
  defaultMessage: () => string | undefined,
): StatusError | undefined {
  const code = fields.code
    ? readCode(fields.code)
    : value.fault('code is missing: name one, such as FAILED_PRECONDITION');
  const message = fields.message ? fields.message.text() : defaultMessage();
  const details = fields.details?.items()?.flatMap((detail) => readDetail(detail, registry) ?? []);
  return code === undefined || message === undefined ? undefined : new StatusError(code, message, details);
}

function readCode(value: WrittenValue): Code | undefined {
  const given = value.toJson();
  const known = CODE_NAMES.find((name) => name === given);
  return known
    ? Code[known]
    : value.fault(`${value} is not an error code: ${suggestion(String(given), CODE_NAMES)}`);
}

function readDetail(value: WrittenValue, registry: Registry): Any | undefined {
  const any = readMessage(value, AnySchema, registry);
  return any && { typeUrl: any.typeUrl, value: Buffer.from(any.value) };
}
