import { codeName, type StatusError } from '../../core/status.js';
import type { JsonFormat } from '../json/json-format.js';
import type { MessageJson } from '../json/message-json.js';
import { writeJson } from '../json/render-response.js';
import { httpStatusOf } from './http-refusal.js';

/**
 * Error body of Google APIs (AIP-193): `code` is the HTTP status and `status` the name of the gRPC code. Details
 * of unknown types are omitted.
 */
export function errorEnvelope(error: StatusError, json: MessageJson, format: JsonFormat): string {
  const details = error.details.flatMap((detail) => json.writeErrorDetail(detail, format) ?? []);
  const { code, message } = error;
  const status = codeName(code);
  return writeJson(
    { error: { code: httpStatusOf(error), message, status, ...(details.length > 0 && { details }) } },
    format,
  );
}
