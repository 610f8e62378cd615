import { InterceptingCall, type Interceptor, Metadata, type StatusObject } from '@grpc/grpc-js';
import { systemClock, timeLeftMs } from '../../core/clock.js';
import { toServerError } from '../../core/grpc-status.js';
import { abortable, within } from '../../core/signals.js';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';
import { isTransientFailure } from '../calls/transient-failure.js';

const DEFAULT_UNIVERSE = 'googleapis.com';
const QUOTA_PROJECT_HEADER = 'x-goog-user-project';

/** Source of the headers that identify the caller: a `GoogleAuth`, an `AuthClient`, or your own. */
export interface GoogleCredentials {
  /**
   * Returns the headers of a call: `authorization`, and `x-goog-user-project` if there is a quota project.
   *
   * google-auth-library 10 and newer return `Headers`, older versions an object.
   *
   * @param url - service to call, which tokens of service accounts name as their audience.
   */
  getRequestHeaders(url?: string): Promise<Headers | Readonly<Record<string, string>>>;
  /** Returns the universe of the credentials: `googleapis.com`. @defaultValue `universeDomain` */
  getUniverseDomain?(): Promise<string>;
  /** Universe, for credentials without `getUniverseDomain`. @defaultValue not checked */
  readonly universeDomain?: string | undefined;
}

/** Identity of the caller, and the service to call. */
export interface GoogleIdentity {
  readonly credentials: GoogleCredentials;
  /** `host:port` or `host`, the audience of JSON web tokens. */
  readonly host: string;
  readonly universeDomain: string | undefined;
  readonly quotaProject: string | undefined;
}

/** Creates an interceptor that adds the headers of the credentials. A call fails unsent if they are unavailable. */
export function authorizing(identity: GoogleIdentity): Interceptor {
  return (options, nextCall) => {
    const call = nextCall(options);
    const cancelling = new AbortController();
    const [, service] = options.method_definition.path.split('/');
    const url = `https://${identity.host}/${service}`;
    return new InterceptingCall(call, {
      start(metadata, listener, next) {
        // grpc-js does not report deadline or end of a call that has not started.
        const limits = {
          timeoutMs: timeLeftMs(Number(options.deadline ?? Number.POSITIVE_INFINITY)),
          signal: cancelling.signal,
        };
        const fail = (cause: unknown) => {
          call.cancelWithStatus(Code.CANCELLED, 'not sent');
          listener.onReceiveStatus(statusOf(credentialsError(cause)));
        };
        within(limits, credentialsLate, systemClock, (signal) =>
          abortable(addHeaders(metadata, identity, url), signal),
        ).then(() => {
          if (cancelling.signal.aborted) fail(cancelling.signal.reason);
          else next(metadata, listener);
        }, fail);
      },
      cancel(next) {
        cancelling.abort(new StatusError(Code.CANCELLED, 'call was cancelled'));
        next();
      },
    });
  };
}

function credentialsLate(timeoutMs: number): StatusError {
  const message = `no Google credentials within ${timeoutMs} ms: check their source, or give a longer timeoutMs`;
  return kitError(Code.DEADLINE_EXCEEDED, 'CREDENTIALS_TIMED_OUT', message);
}

async function addHeaders(
  metadata: Metadata,
  { credentials, universeDomain, quotaProject }: GoogleIdentity,
  url: string,
): Promise<void> {
  const universe = (await credentials.getUniverseDomain?.()) ?? credentials.universeDomain;
  const expected = universeDomain ?? process.env.GOOGLE_CLOUD_UNIVERSE_DOMAIN ?? DEFAULT_UNIVERSE;
  if (universe !== undefined && universe !== expected) {
    throw new Error(`they belong to the universe ${quoted(universe)}, not ${quoted(expected)}`);
  }
  for (const [key, value] of entriesOf(await credentials.getRequestHeaders(url))) metadata.set(key, value);
  if (quotaProject !== undefined) metadata.set(QUOTA_PROJECT_HEADER, quotaProject);
}

function entriesOf(headers: unknown): Iterable<readonly [string, string]> {
  if (typeof headers === 'object' && headers !== null) {
    const entries = Symbol.iterator in headers ? [...(headers as Headers)] : Object.entries(headers);
    if (entries.every(([, value]) => typeof value === 'string')) return entries;
  }
  throw new TypeError('getRequestHeaders resolved neither to Headers nor to an object of header values');
}

/** Normalizes a failure to get credentials: UNAVAILABLE if it is likely to pass, else UNAUTHENTICATED. */
function credentialsError(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const transient = isTransientFailure(cause);
  const advice = transient ? 'try again' : 'see "gcloud auth application-default login"';
  const message = `no Google credentials for the call: ${reason}: ${advice}`;
  const code = transient ? Code.UNAVAILABLE : Code.UNAUTHENTICATED;
  return kitError(code, 'CREDENTIALS_UNAVAILABLE', message, { cause });
}

/** Converts an error to the status of a call, with its details. */
function statusOf(error: StatusError): StatusObject {
  const { details, metadata = new Metadata() } = toServerError(error);
  return { code: error.code, details, metadata };
}
