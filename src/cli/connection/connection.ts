import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelCredentials } from '@grpc/grpc-js';
import type { TokenSource } from '../../client/calls/credentials.js';
import { assertBearerToken } from '../../client/calls/credentials.js';
import { parseAddress } from '../../core/address.js';
import { type ClientTls, Code, OperationsClient, StatusError } from '../../index.js';
import { OperationsService } from '../../server/index.js';
import type { ConnectingOptions } from '../options/options.js';
import { messageOf, UsageError } from '../output/failure.js';
import { tokenSource } from './token-source.js';

const { getOperation, listOperations, cancelOperation, deleteOperation } = OperationsService;

/** Retries once, after half a second: an interactive user wants to know soon that the server is down. */
const CHANNEL_OPTIONS = {
  'grpc.service_config': JSON.stringify({
    loadBalancingConfig: [],
    methodConfig: [
      {
        name: [getOperation, listOperations, cancelOperation, deleteOperation].map(({ path }) => {
          const [, service, method] = path.split('/');
          return { service, method };
        }),
        retryPolicy: {
          maxAttempts: 2,
          initialBackoff: '0.5s',
          backoffMultiplier: 1,
          maxBackoff: '0.5s',
          retryableStatusCodes: ['UNAVAILABLE'],
        },
      },
    ],
  }),
};

/** Client and channel of a command. */
export interface Connection {
  readonly client: OperationsClient;
  /** Channel for methods that start operations, which the client does not call. */
  readonly channel: {
    /** Target in the syntax of grpc-js. */
    readonly target: string;
    readonly credentials: ChannelCredentials;
    readonly loopback: boolean;
  };
  /**
   * Returns the headers of a call, including the bearer token.
   *
   * @throws StatusError UNAUTHENTICATED if no token is available within `timeoutMs`.
   */
  readonly headers: (timeoutMs: number) => Promise<Readonly<Record<string, string>>>;
}

/**
 * Creates the client and the channel. They use TLS unless `--insecure` is set, or the server is on this machine and no
 * certificates are given.
 *
 * @param ended - aborts when the command ends.
 * @throws UsageError if the address is malformed, a file is unreadable, or options contradict each other.
 */
export async function connect(options: ConnectingOptions, ended: AbortSignal): Promise<Connection> {
  const tls = await tlsOf(options);
  const token = await tokenSource(options, ended);
  try {
    const { target, loopback } = parseAddress(options.address);
    const channel = { target, loopback, credentials: credentialsOf(options, tls) };
    const { header, insecure } = options;
    if (token !== undefined && insecure && !loopback) {
      throw new UsageError('a token would be sent in plain text: leave out --insecure, or the token');
    }
    return {
      client: options.google
        ? await googleClient(options, tls)
        : kitClient(options, channel.credentials, token),
      channel,
      headers: async (timeoutMs) => ({
        ...header,
        ...(token !== undefined && (await inTime(bearer(token), timeoutMs))),
      }),
    };
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause });
  }
}

function kitClient(
  { address, header }: ConnectingOptions,
  credentials: ChannelCredentials,
  token: TokenSource | undefined,
) {
  return new OperationsClient({
    address,
    credentials,
    headers: header,
    channelOptions: CHANNEL_OPTIONS,
    ...(token !== undefined && { token }),
  });
}

async function inTime<Headers>(headers: Promise<Headers>, timeoutMs: number): Promise<Headers> {
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: over.signal }).then(() => {
    const message = `no token came within ${timeoutMs} ms: look at --token-command, or give a longer --timeout`;
    throw new StatusError(Code.UNAUTHENTICATED, message);
  });
  try {
    return await Promise.race([headers, late]);
  } finally {
    over.abort();
  }
}

async function bearer(token: TokenSource): Promise<Record<string, string>> {
  try {
    const given = typeof token === 'string' ? token : await token();
    assertBearerToken(given, 'the token');
    return { authorization: `Bearer ${given}` };
  } catch (cause) {
    throw new StatusError(Code.UNAUTHENTICATED, messageOf(cause), [], { cause });
  }
}

async function googleClient(
  { address, header }: ConnectingOptions,
  tls: ClientTls | undefined,
): Promise<OperationsClient> {
  // Loaded lazily, because google-gax takes long to load.
  const { googleOperationsClient } = await import('../../client/gax/index.js');
  return googleOperationsClient({
    apiEndpoint: address,
    headers: header,
    channelOptions: CHANNEL_OPTIONS,
    ...(tls && { tls }),
  });
}

function credentialsOf(
  { address, insecure }: ConnectingOptions,
  tls: ClientTls | undefined,
): ChannelCredentials {
  if (insecure || !(tls || parseAddress(address).tls)) return ChannelCredentials.createInsecure();
  const pem = (part: string | Buffer | undefined) => (part === undefined ? null : Buffer.from(part));
  return ChannelCredentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert));
}

/** Reads the certificates; undefined if none is named. */
async function tlsOf({ insecure, ca, cert, key }: ConnectingOptions): Promise<ClientTls | undefined> {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if (insecure)
    throw new UsageError('--insecure uses no certificates: leave it out, or --ca, --cert and --key');
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('only one of --cert and --key is given: give both, or neither');
  }
  return {
    ...(ca !== undefined && { ca: await readPem('--ca', ca) }),
    ...(cert !== undefined && { cert: await readPem('--cert', cert) }),
    ...(key !== undefined && { key: await readPem('--key', key) }),
  };
}

async function readPem(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new UsageError(`the file of ${option} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
