import type { Caller } from './caller.js';

/** What a verified token says (RFC 7519). */
export interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/**
 * Who a verified token is of. The principal is `principal://{issuer}/subject/{subject}`, where the issuer has lost its scheme.
 * Other names are `user:` or `serviceAccount:` with `email` where `email_verified` is true, and `group:` with each of
 * `groups`. Scopes are those of `scope` (RFC 8693) or `scp`.
 */
export function callerOf(claims: Claims): Caller & { readonly members: readonly string[] } {
  const principal = principalOf(claims);
  return { principal, members: [principal, ...emails(claims), ...groups(claims)], scopes: scopesOf(claims) };
}

function principalOf({ iss, sub }: Claims): string {
  const issuer = iss.replace(/^https?:\/\//, '').replace(/\/$/, '');
  // No two subjects may come to the same, so what separates them is escaped.
  return `principal://${issuer}/subject/${sub.replace(/[^\w.~!$&'()*+,;=:@|-]/gu, encodeURIComponent)}`;
}

function emails({ email, email_verified: verified }: Claims): string[] {
  if (typeof email !== 'string' || verified !== true) return [];
  return [`${email.endsWith('.gserviceaccount.com') ? 'serviceAccount' : 'user'}:${email}`];
}

function groups({ groups: named }: Claims): string[] {
  return textsOf(named).map((group) => `group:${group}`);
}

function scopesOf({ scope, scp }: Claims): string[] {
  const given = scope ?? scp;
  return typeof given === 'string' ? given.split(' ').filter((one) => one !== '') : textsOf(given);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
