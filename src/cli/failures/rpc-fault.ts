import { Code, codeName, connectionFault, StatusError } from '../../index.js';

/**
 * What is wrong when an RPC failed, and what to do; undefined when something else was thrown.
 *
 * @param address - where the server should be.
 */
export function rpcFault(thrown: unknown, address: string): string | undefined {
  if (!(thrown instanceof StatusError)) return undefined;
  const fault = connectionFault(thrown);
  if (fault) {
    return `${codeName(Code.UNAVAILABLE)}: no connection to ${address}: ${fault.reason}: ${connectingAdvice(fault.reason, address)}`;
  }
  const { code, message } = thrown;
  // grpc-js and OpenSSL end some messages with a label that nothing follows.
  const said = message.replace(/(?:\. Resolution note)?[: ]+$/, '');
  return `${codeName(code)}: ${said}${adviceOn(thrown, said, address)}`;
}

function adviceOn(error: StatusError, message: string, address: string): string {
  switch (error.code) {
    case Code.UNAVAILABLE:
      // Details come from a server: it was reached, and says what it waits for.
      return error.details.length > 0 ? '' : `: ${connectingAdvice(message, address)}`;
    case Code.DEADLINE_EXCEEDED:
      return `: check the server at ${address}, or give a longer --timeout`;
    case Code.UNAUTHENTICATED:
      return '; give a token that is good there, by --token or LONGRUNNING_TOKEN';
    default:
      return '';
  }
}

/** What to do about a connection that does not come about, by what OpenSSL, Node and grpc-js say of it. */
const CONNECTING_ADVICE: readonly (readonly [RegExp, (address: string) => string])[] = [
  [
    /wrong version number/,
    (address) => `server at ${address} speaks no TLS: leave out https://, or give --insecure`,
  ],
  [/speaks TLS/, (address) => `write https:// before ${address}, or name its certificate by --ca`],
  [/alert certificate required/, (address) => `server at ${address} asks who you are: give --cert and --key`],
  [/match certificate's altnames/, (address) => `name the server at ${address} as its certificate does`],
  [/resolution failed|ENOTFOUND|EAI_AGAIN/, () => 'check the host name of --address'],
  [/certificate (?:has expired|is not yet valid)/, (address) => `renew the certificate of ${address}`],
  [/certificate/i, (address) => `name the authority that vouches for ${address} by --ca`],
  // It hung up without a word, as one that speaks TLS does on hearing plain text.
  [
    /Failed to connect/,
    (address) => `check that ${address} is a gRPC server; if it speaks TLS, write https:// before it`,
  ],
];

function connectingAdvice(message: string, address: string): string {
  const [, advice] = CONNECTING_ADVICE.find(([pattern]) => pattern.test(message)) ?? [];
  return advice?.(address) ?? `check that a server runs at ${address}, or give another --address`;
}
