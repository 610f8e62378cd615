import { type Client, credentials, makeClientConstructor } from '@grpc/grpc-js';
import {
  type OperationsClient,
  OperationsService,
} from 'longrunning/generated/google/longrunning/operations';
import { answerParent } from './parent-link.ts';

/** The methods that are put under load. */
export type LoadMethod = 'getOperation' | 'cancelOperation';

/** How the next name is picked: any of them, or each once, for calls that change what they name. */
export type Picking = 'random' | 'each-once';

/** One round of load on one server. */
export interface LoadRound {
  readonly address: string;
  readonly method: LoadMethod;
  readonly calls: number;
  readonly inFlight: number;
}

/** A process that makes calls, with the plain generated stub on grpc-js. */
export type LoadRequests = {
  /** Says which operations to ask for. */
  use(input: { readonly names: readonly string[]; readonly picking: Picking }): void;
  /** Makes the calls; tells how many milliseconds they took. Rejects when one fails. */
  run(round: LoadRound): Promise<number>;
};
