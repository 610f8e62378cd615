import { deepEqual, equal, match } from 'node:assert/strict';
import { BadRequest, ErrorInfo } from '../../generated/google/rpc/error_details.js';
import { typeName } from '../core/any.js';
import { type Code, codeName, StatusError } from '../core/status.js';

/** Resolves to the reason for which a promise rejects; fails if it fulfills. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );
  if ('thrown' in outcome) return outcome.thrown;
  throw new Error(`expected a rejection, but it resolved to ${JSON.stringify(outcome.value)}`);
}

/** Expected properties of an error of the kit, besides its code. */
export interface ExpectedError {
  /** Reason of its ErrorInfo. */
  readonly reason?: string;
  /** Request field named by its BadRequest. */
  readonly field?: string;
  readonly message?: RegExp;
}

/**
 * Checks that a promise rejects with an error of the kit (contract 32). It has the code, exactly one ErrorInfo, and a
 * BadRequest for a bad field. Its message says what went wrong and then what to do.
 */
export async function expectKitError(
  promise: Promise<unknown>,
  code: Code,
  { reason, field, message = /.+: .+/ }: ExpectedError = {},
): Promise<StatusError> {
  const error = await rejection(promise);
  if (!(error instanceof StatusError)) throw error;
  equal(codeName(error.code), codeName(code), error.message);
  match(error.message, message);
  equal(error.details.filter((detail) => typeName(detail) === ErrorInfo.$type).length, 1);
  const info = error.detail(ErrorInfo);
  equal(info?.domain, 'longrunning');
  match(info?.reason ?? '', reason === undefined ? /^[A-Z][A-Z0-9_]+$/ : new RegExp(`^${reason}$`));
  const blamed = error.detail(BadRequest)?.fieldViolations.map((violation) => violation.field);
  deepEqual(blamed, field === undefined ? undefined : [field]);
  return error;
}
