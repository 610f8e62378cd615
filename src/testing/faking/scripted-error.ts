import type { Registry } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import type { Any } from '../../../generated/google/protobuf/any.js';
import { Code, type CodeName, StatusError } from '../../core/status.js';
import { suggestion, type WrittenValue } from '../script/written-value.js';
import { readMessage } from './proto-json-value.js';

/** Every code but OK: an error is never that. */
const CODE_NAMES = (Object.keys(Code) as CodeName[]).filter((name) => name !== 'OK');

const ERROR_FIELDS = ['code', 'message', 'details'] as const;

/** The fields of an error, unread. */
export type ErrorFields = Partial<Record<(typeof ERROR_FIELDS)[number], WrittenValue>>;

/** Reads `{ code, message, details? }`. */
export function readScriptedError(value: WrittenValue, registry: Registry): StatusError | undefined {
  const fields = value.fields(ERROR_FIELDS);
  if (!fields) return undefined;
  return readErrorFields(value, fields, registry, () =>
    value.fault('message is missing: say what went wrong'),
  );
}

/**
 * Reads an error by its fields.
 *
 * @param value - what they are fields of.
 * @param defaultMessage - gives the message where there is none; undefined when that is a fault.
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
    : value.fault(`${value} is no error code: ${suggestion(String(given), CODE_NAMES)}`);
}

function readDetail(value: WrittenValue, registry: Registry): Any | undefined {
  const any = readMessage(value, AnySchema, registry);
  return any && { typeUrl: any.typeUrl, value: Buffer.from(any.value) };
}
