import { type ChangingTls, watchTlsFiles } from '../../gateway/index.js';
import { messageOf, UsageError } from '../failures/usage-error.js';
import type { Terminal } from '../output/terminal.js';
import type { ListenSettings } from './listen.js';
import type { Log } from './log.js';

/** The certificates to serve with, if any, and what ends the reading of them. */
export interface Certificates {
  readonly tls: ChangingTls | undefined;
  readonly stop: () => void;
}

/**
 * Reads the certificates, and again when they change or on SIGHUP.
 *
 * @throws UsageError when they cannot be read or used.
 */
export async function readCertificates(
  { tlsFiles, terminal }: Pick<ListenSettings, 'tlsFiles'> & { readonly terminal: Terminal },
  logger: Log,
): Promise<Certificates> {
  if (!tlsFiles) return { tls: undefined, stop: () => {} };
  try {
    const tls = await watchTlsFiles(tlsFiles, { logger });
    const reload = () => void tls.reload();
    terminal.on('SIGHUP', reload);
    const stop = () => {
      terminal.off('SIGHUP', reload);
      tls[Symbol.dispose]();
    };
    return { tls, stop };
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause });
  }
}
