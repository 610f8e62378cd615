/** Who makes a call, as far as is known. */
export interface Caller {
  /**
   * Who it is, once that has been shown: the same at every call, and no other caller's; such as
   * `principal://accounts.example.com/subject/1234`. Undefined: anybody.
   */
  readonly principal?: string | undefined;
  /** The names that policies have for it: `user:ada@example.com`, `serviceAccount:…`. @defaultValue the principal alone */
  readonly members?: readonly string[] | undefined;
  /** What its credentials are good for (OAuth 2.0). @defaultValue none */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * What to count a caller by: its principal, else the address that it calls from, without the port. Clients behind one
 * proxy, or on one socket file, are one caller then.
 */
export function callerKey({ principal }: Caller, peer: string): string {
  return principal ?? `peer:${peer.replace(/:\d+$/, '')}`;
}
