import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../core/clock.js';
import { Listeners } from '../../core/listeners.js';
import { gatewayLogger } from '../../core/logger.js';
import { withDefaults } from '../../core/options.js';
import { quoted, StatusError } from '../../core/status.js';
import { type ChangingTls, checkTls, type PemTls, type PortTls, pemTls } from './port-tls.js';

/** Files in PEM. */
export interface TlsFiles {
  /** The server's certificate, and those between it and the root. */
  readonly cert: string;
  readonly key: string;
  /** Certificates of who signs those of clients; then only clients with one are served. @defaultValue none are asked for */
  readonly clientCa?: string;
}

/** What {@link watchTlsFiles} takes besides. */
export interface TlsFilesOptions {
  /** How often the files are read, in milliseconds. @defaultValue 10,000 */
  readonly intervalMs?: number;
  /** Is told of certificates that count from now on, and of those that cannot be used. @defaultValue standard error */
  readonly logger?: TlsLogger;
  /** @defaultValue the machine's */
  readonly clock?: Clock;
}

/** A pino logger is one. */
export interface TlsLogger {
  /** That new certificates count. */
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  /** That those in the files cannot be used. */
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Certificates of files. Disposing of it ends the reading; ports go on with the last. */
export interface WatchedTls extends ChangingTls, Disposable {
  /** Reads the files now, as on SIGHUP. What is wrong with them is logged, and nothing changes. */
  reload(): Promise<void>;
}

const DEFAULTS = {
  intervalMs: 10_000,
  clock: systemClock,
} satisfies TlsFilesOptions;

/**
 * Reads certificates from files, and again every ten seconds: so it does not matter how new ones come there, be it that a
 * link comes to lead elsewhere. New connections get the new certificate, those that are open go on. A certificate that
 * cannot be used, or not with its key, is told of and the one before stays.
 *
 * @throws TypeError when the first cannot be read or used.
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
  /** What was read last, be it of use or not: it is told of once. */
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
      this.#settings.logger.info(this.#facts(), 'the certificate has changed; new connections get it');
    } catch (error) {
      const { message } = StatusError.from(error);
      if (message === this.#fault) return;
      this.#fault = message;
      this.#settings.logger.error(this.#facts(), `the certificate before stays: ${message}`);
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
