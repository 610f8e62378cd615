import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** What a server process of the benchmark can be asked for, besides to listen. */
export type ServerRequests = {
  /** CPU time used so far, by all threads, in microseconds. */
  cpuMicros(): number;
};

export const serverRequests: ServerRequests = {
  cpuMicros() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

/** Serves on a free port of loopback; tells the address. */
export function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}
