import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '../harness/parent-link.ts';
import { type ServerRequests, serverRequests } from './serve.ts';

/** A handler of `node:http` that does nothing but answer: what any JSON over HTTP costs at least. */
export type BareHttpRequests = ServerRequests & {
  /** Answers this very JSON, whatever is asked; tells the address. */
  listen(json: object): Promise<string>;
};

answerParent({
  ...serverRequests,
  async listen(json) {
    const server = createServer((_request, response) => {
      const body = JSON.stringify(json);
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.setHeader('content-length', Buffer.byteLength(body));
      response.end(body);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
} satisfies BareHttpRequests);
