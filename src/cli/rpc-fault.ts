import { Code, codeName, StatusError } from '../index.js';

/**
 * What is wrong when an RPC failed, and what to do; undefined when something else was thrown.
 *
 * @param address - where the server should be.
 */
export function rpcFault(thrown: unknown, address: string): string | undefined {
  if (!(thrown instanceof StatusError)) return undefined;
  const { code, message } = thrown;
  // grpc-js ends some messages with a label that nothing follows.
  return `${codeName(code)}: ${message.replace(/\. Resolution note: $/, '')}${adviceOn(code, address)}`;
}

function adviceOn(code: Code, address: string): string {
  if (code === Code.UNAVAILABLE) return `: check that a server runs at ${address}, or give another --address`;
  if (code === Code.DEADLINE_EXCEEDED) return `: check the server at ${address}, or give a longer --timeout`;
  return '';
}
