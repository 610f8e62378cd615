import { Operation } from 'longrunning/generated/google/longrunning/operations';
import type { ServerRequests } from './serve.ts';

/** A server of Operations that is not made with the kit. */
export type PeerRequests = ServerRequests & {
  /** Serves these operations; tells the address. */
  listen(served: Served): Promise<string>;
};

/** What a peer serves. */
export interface Served {
  readonly names: readonly string[];
  /** What each of them is like. Peers that answer with a constant answer with this. */
  readonly operation: Operation;
}

/** The operations by name, each with bytes of its own as they would have come from its work. */
export function operationsByName({ names, operation }: Served): Map<string, Operation> {
  return new Map(
    names.map((name) => [name, Operation.decode(Operation.encode({ ...operation, name }).finish())]),
  );
}
