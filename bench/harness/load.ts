import { type ClientHttp2Session, connect } from 'node:http2';
import {
  CancelOperationRequest,
  GetOperationRequest,
  OperationsService,
  WaitOperationRequest,
} from 'longrunning/generated/google/longrunning/operations';
import { frame } from './grpc-frame.ts';
import { answerParent } from './parent-link.ts';

/** How the next name is picked: at random, or each once, for calls that change what they name. */
export type Picking = 'random' | 'each-once';

/** Some calls to one server. */
export interface LoadRound {
  readonly address: string;
  /** The method that is put under load. */
  readonly method: 'getOperation' | 'cancelOperation' | 'waitOperation';
  readonly picking: Picking;
  readonly calls: number;
  /** How many calls are open at any time. */
  readonly inFlight: number;
}

/**
 * A process that makes calls. It speaks gRPC over bare `node:http2`: the client of grpc-js costs more per call
 * than the servers that are measured, and two servers that both wait for their client look equally fast.
 */
export type LoadRequests = {
  /** Says which operations to ask for. */
  use(names: readonly string[]): void;
  /** Makes the calls; tells how many milliseconds they took. Rejects when one fails. */
  run(round: LoadRound): Promise<number>;
};

let names: readonly string[] = [];
const sessions = new Map<string, ClientHttp2Session>();
const picked = new Map<string, number>();

answerParent({
  use(given) {
    names = given;
  },
  async run(round) {
    const session = sessions.get(round.address) ?? connect(`http://${round.address}`);
    sessions.set(round.address, session);
    const began = performance.now();
    let left = round.calls;
    const callInTurn = async () => {
      while (left-- > 0) await call(session, round);
    };
    await Promise.all(Array.from({ length: round.inFlight }, callInTurn));
    return performance.now() - began;
  },
} satisfies LoadRequests);

function call(session: ClientHttp2Session, round: LoadRound): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': OperationsService[round.method].path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    stream.on('trailers', (trailers) => {
      status = trailers['grpc-status'];
    });
    stream.on('error', reject);
    stream.on('end', () => (status === '0' ? resolve() : reject(new Error(`call ended with ${status}`))));
    stream.resume();
    stream.end(frame(encode(round.method, pick(round))));
  });
}

function encode(method: LoadRound['method'], name: string): Uint8Array {
  switch (method) {
    case 'getOperation':
      return GetOperationRequest.encode({ name }).finish();
    case 'cancelOperation':
      return CancelOperationRequest.encode({ name }).finish();
    case 'waitOperation':
      return WaitOperationRequest.encode({ name, timeout: undefined }).finish();
  }
}

function pick({ address, picking }: LoadRound): string {
  const next = picked.get(address) ?? 0;
  picked.set(address, next + 1);
  const name = names[picking === 'random' ? Math.floor(Math.random() * names.length) : next];
  if (name === undefined) throw new Error(`all ${names.length} operations are used up: store more of them`);
  return name;
}
