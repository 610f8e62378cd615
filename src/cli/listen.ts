import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { UsageError } from './usage-error.js';

/**
 * Makes a server listen.
 *
 * @param address - `host:port`, port 0 for any that is free, or `unix:path`.
 * @returns the address with the port that it listens on.
 * @throws UsageError when the address is malformed or cannot be listened on.
 */
export async function listen(server: Server, address: string): Promise<string> {
  const host = hostOf(address);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(refused(address, error)) : resolve(bound),
    );
  });
  return host === undefined ? address : `${host}:${port}`;
}

/** The host of `host:port`; undefined for a socket file. */
function hostOf(address: string): string | undefined {
  if (/^unix:./.test(address)) return undefined;
  const [, host, port] = /^(\[[\da-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    const advice = 'write it as host:port, such as 127.0.0.1:0 for any free port';
    throw new UsageError(`address ${JSON.stringify(address)} is malformed: ${advice}`);
  }
  return host;
}

function refused(address: string, error: Error): UsageError {
  const hint = /EADDRINUSE/.test(error.message)
    ? 'the port is in use: end what listens there, or choose another port, such as 0 for any that is free'
    : error.message;
  return new UsageError(`cannot listen on ${JSON.stringify(address)}: ${hint}`, { cause: error });
}
