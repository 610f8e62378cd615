import { InterceptingCall, type Interceptor, Metadata, type StatusObject } from '@grpc/grpc-js';
import { systemClock, timeLeftMs } from '../../core/clock.js';
import { toServerError } from '../../core/grpc-status.js';
import { abortable, within } from '../../core/signals.js';
import { Code, kitError, quoted, StatusError } from '../../core/status.js';
import { isTransientFailure } from '../calls/transient-failure.js';

const DEFAULT_UNIVERSE = 'googleapis.com';
const QUOTA_PROJECT_HEADER = 'x-goog-user-project';

/** Whatever gives the headers that say as whom a call is made: a `GoogleAuth`, an `AuthClient`, or your own. */
export interface GoogleCredentials {
  /**
   * Headers of a call: `authorization`, and `x-goog-user-project` where there is a quota project.
   *
   * google-auth-library 10 and newer return `Headers`, older versions an object.
   *
   * @param url - the service that is called; service accounts sign for it.
   */
  getRequestHeaders(url?: string): Promise<Headers | Readonly<Record<string, string>>>;
  /** Universe of the credentials: `googleapis.com`. @defaultValue `universeDomain` */
  getUniverseDomain?(): Promise<string>;
  /** For those that have no `getUniverseDomain`. @defaultValue not checked */
  readonly universeDomain?: string;
}

/** Identity of the caller, and the service that is called. */
export interface GoogleIdentity {
  readonly credentials: GoogleCredentials;
  /** `host:port` or `host`, as JSON web tokens name their audience. */
  readonly host: string;
  readonly universeDomain: string | undefined;
  readonly quotaProject: string | undefined;
}

/** Sends with every call what the credentials say; a call that they cannot be had for fails, and is not sent. */
export function authorizing(identity: GoogleIdentity): Interceptor {
  return (options, nextCall) => {
    const call = nextCall(options);
    const cancelling = new AbortController();
    const [, service] = options.method_definition.path.split('/');
    const url = `https://${identity.host}/${service}`;
    return new InterceptingCall(call, {
      start(metadata, listener, next) {
        // Until it is started, grpc-js does not tell of the deadline or the end of a call.
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
  const message = `no Google credentials came within ${timeoutMs} ms: look into what gives them, or allow for more time`;
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
    throw new Error(`they are of the universe ${quoted(universe)}, not ${quoted(expected)}`);
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

/** A token server that cannot be reached or that fails may be back soon; anything else is for people to fix. */
function credentialsError(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const transient = isTransientFailure(cause);
  const advice = transient ? 'ask again' : 'see "gcloud auth application-default login"';
  const message = `no Google credentials for the call: ${reason}: ${advice}`;
  const code = transient ? Code.UNAVAILABLE : Code.UNAUTHENTICATED;
  return kitError(code, 'CREDENTIALS_UNAVAILABLE', message, { cause });
}

/** Status of a call that ends with the error, with its details. */
function statusOf(error: StatusError): StatusObject {
  const { details, metadata = new Metadata() } = toServerError(error);
  return { code: error.code, details, metadata };
}
