import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../core/clock.js';
import { Listeners } from '../../core/contain.js';
import { gatewayLogger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import { quoted, StatusError } from '../../core/status.js';
import { type ChangingTls, checkTls, type PemTls, type PortTls, pemTls } from './port-tls.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Server certificate, followed by its intermediate certificates. */
  readonly cert: string;
  readonly key: string;
  /**
   * CA certificates of clients. If set, only clients with a certificate are served. @defaultValue none; clients
   * need no certificate
   */
  readonly clientCa?: string;
}

/** Options of {@link watchTlsFiles}. */
export interface TlsFilesOptions {
  /** Milliseconds between reads of the files. @defaultValue 10,000 */
  readonly intervalMs?: number;
  /** Receives a line for each new certificate, and for files that cannot be used. @defaultValue standard error */
  readonly logger?: TlsLogger;
  /** @defaultValue the system clock */
  readonly clock?: Clock;
}

/** Logger for certificate changes. A pino logger fits. */
export interface TlsLogger {
  /** Logs that new certificates are in use. */
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** Logs that the files cannot be used. */
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Certificates from files. Disposing stops the polling; ports keep the last certificates. */
export interface WatchedTls extends ChangingTls, Disposable {
  /** Reads the files now, for example on SIGHUP. Invalid files are logged and change nothing. */
  reload(): Promise<void>;
}

const DEFAULTS = {
  intervalMs: 10_000,
  clock: systemClock,
} satisfies TlsFilesOptions;

/**
 * Reads certificates from files and polls them every ten seconds. Polling also detects changes through symbolic
 * links. New connections get the new certificate; open ones continue. If the files are invalid or do not match,
 * the previous certificate stays in use and an error is logged.
 *
 * @throws TypeError if the first certificate cannot be read or used.
 *
 * @example
 * ```ts
 * using tls = await watchTlsFiles({ cert: 'tls.crt', key: 'tls.key' });
 * const port = await servePort({ server, gateway, address: '0.0.0.0:8443', tls });
 * process.on('SIGHUP', () => tls.reload());
 * ```
 */
export async function watchTlsFiles(files: TlsFiles, options: TlsFilesOptions = {}): Promise<WatchedTls> {
  const settings = { ...withDefaults(DEFAULTS, options), logger: gatewayLogger(options.logger) };
  const contents = await read(files);
  checkTls(contents);
  return new TlsWatch(files, contents, settings);
}

type Pem = PemTls<Buffer>;

class TlsWatch implements WatchedTls {
  readonly #files: TlsFiles;
  readonly #settings: Required<TlsFilesOptions>;
  readonly #listeners = new Listeners<[options: PortTls]>((err) =>
    this.#settings.logger.error({ err }, 'listener to new certificates failed'),
  );
  #current: Pem;
  /** Contents read last, valid or not. Used to log each change once. */
  #seen: Pem;
  #fault: string | undefined;
  #reading: Promise<void> = Promise.resolve();
  #stopTimer: () => void = () => {};
  #stopped = false;

  constructor(files: TlsFiles, contents: Pem, settings: Required<TlsFilesOptions>) {
    this.#files = files;
    this.#settings = settings;
    this.#current = contents;
    this.#seen = contents;
    this.#arm();
  }

  get options(): PortTls {
    return this.#current;
  }

  onChange(listener: (options: PortTls) => void): () => void {
    return this.#listeners.add(listener);
  }

  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readAgain());
    return this.#reading;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#stopTimer();
    this.#listeners.clear();
  }

  #arm(): void {
    const { clock, intervalMs } = this.#settings;
    const look = async () => {
      await this.reload();
      if (!this.#stopped) this.#arm();
    };
    this.#stopTimer = clock.setTimer(look, intervalMs, { background: true });
  }

  async #readAgain(): Promise<void> {
    try {
      const contents = await read(this.#files);
      this.#fault = undefined;
      if (same(contents, this.#seen)) return;
      this.#seen = contents;
      checkTls(contents);
      this.#current = contents;
      this.#listeners.notify(contents);
      this.#settings.logger.info(this.#facts(), 'certificate changed; new connections use it');
    } catch (error) {
      const { message } = StatusError.from(error);
      if (message === this.#fault) return;
      this.#fault = message;
      this.#settings.logger.error(this.#facts(), `previous certificate stays in use: ${message}`);
    }
  }

  #facts(): Readonly<Record<string, unknown>> {
    return { ...this.#files };
  }
}

async function read({ cert, key, clientCa }: TlsFiles): Promise<Pem> {
  return pemTls({
    cert: await readPem('certificate', cert),
    key: await readPem('private key', key),
    ...(clientCa !== undefined && { clientCa: await readPem('certificates of clients', clientCa) }),
  });
}

async function readPem(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new TypeError(`${what} ${quoted(file)} cannot be read: ${message}; name a file in PEM`, { cause });
  }
}

function same(one: Pem, other: Pem): boolean {
  return (
    one.cert.equals(other.cert) &&
    one.key.equals(other.key) &&
    (one.ca ?? one.cert).equals(other.ca ?? other.cert)
  );
}
