import type { Clock } from '../../core/clock.js';
import type { SafeLogger } from '../../core/logger.js';
import { StatusError } from '../../core/status.js';
import { type Certificates, readCertificates, type TlsFiles } from './server-tls.js';

/** Interval between reads of the files. */
const INTERVAL_MS = 10_000;

/** Dependencies of a {@link TlsFileWatch}. */
export interface TlsFileWatchOptions {
  /** Address of the port, for the log. */
  readonly address: string;
  /** Current contents of the files. */
  readonly certificates: Certificates;
  /** Applies the certificates after every change. */
  readonly apply: (certificates: Certificates) => void;
  readonly clock: Clock;
  readonly logger: SafeLogger;
}

/** Polls certificate files and applies changes. */
export class TlsFileWatch {
  readonly #files: TlsFiles;
  readonly #options: TlsFileWatchOptions;
  /** Contents read last. Used to log each change once. */
  #seen: Certificates;
  #fault: string | undefined;
  #stopTimer: () => void = () => {};
  #closed = false;

  constructor(files: TlsFiles, options: TlsFileWatchOptions) {
    this.#files = files;
    this.#options = options;
    this.#seen = options.certificates;
    this.#arm();
  }

  /** Stops polling. */
  close(): void {
    this.#closed = true;
    this.#stopTimer();
  }

  #arm(): void {
    const look = async () => {
      await this.#readAgain();
      if (!this.#closed) this.#arm();
    };
    this.#stopTimer = this.#options.clock.setTimer(look, INTERVAL_MS, { background: true });
  }

  async #readAgain(): Promise<void> {
    const { address, apply, logger } = this.#options;
    const facts = { address, ...this.#files };
    try {
      const certificates = await readCertificates(this.#files);
      this.#fault = undefined;
      if (this.#closed || isSame(certificates, this.#seen)) return;
      this.#seen = certificates;
      apply(certificates);
      logger.info(facts, 'certificate changed; new connections use it');
    } catch (error) {
      const { message } = StatusError.from(error);
      if (this.#closed || message === this.#fault) return;
      this.#fault = message;
      logger.error(facts, `previous certificate stays in use: ${message}`);
    }
  }
}

function isSame(one: Certificates, other: Certificates): boolean {
  const parts = ({ cert, key, ca = '' }: Certificates) => [cert, key, ca].map((pem) => Buffer.from(pem));
  return parts(one).every((pem, index) => pem.equals(parts(other)[index] ?? Buffer.alloc(0)));
}
