import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { OperationsService, WaitOperationRequest } from 'longrunning/generated/google/longrunning/operations';
import { frame } from './grpc-frame.ts';
import { machineMs } from './machine-clock.ts';
import { answerParent } from './parent-link.ts';

/** A process with thousands of WaitOperation calls that are open at once. */
export type HeldLoadRequests = {
  /** Opens as many calls as there are names; resolves when the server has them all. */
  open(input: { readonly address: string; readonly names: readonly string[] }): Promise<void>;
  /** When the last of them returned, by `machineMs`. Rejects when one failed. */
  lastReturnedAt(input?: undefined): Promise<number>;
};

/** A session of Node keeps no more than some megabytes of streams. */
const CALLS_ON_A_SESSION = 1000;
/** For handlers that have been called to come to where they wait. */
const SETTLING_MS = 200;

const sessions: ClientHttp2Session[] = [];
let calls: Promise<void>[] = [];

answerParent({
  async open({ address, names }) {
    const opened: ClientHttp2Session[] = [];
    for (let first = 0; first < names.length; first += CALLS_ON_A_SESSION) {
      const session = connect(`http://${address}`);
      await once(session, 'connect');
      opened.push(session);
      calls.push(...names.slice(first, first + CALLS_ON_A_SESSION).map((name) => wait(session, name)));
    }
    // The answer to a ping comes after all that was sent before it was read.
    for (const session of opened) await promisify(session.ping.bind(session))();
    sessions.push(...opened);
    await delay(SETTLING_MS);
  },
  async lastReturnedAt() {
    await Promise.all(calls);
    const returnedAt = machineMs();
    calls = [];
    for (const session of sessions.splice(0)) session.close();
    return returnedAt;
  },
} satisfies HeldLoadRequests);

function wait(session: ClientHttp2Session, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': OperationsService.waitOperation.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    stream.on('trailers', (trailers) => {
      status = trailers['grpc-status'];
    });
    stream.on('error', reject);
    stream.on('end', () => (status === '0' ? resolve() : reject(new Error(`wait ended with ${status}`))));
    stream.resume();
    stream.end(frame(WaitOperationRequest.encode({ name, timeout: undefined }).finish()));
  });
}
