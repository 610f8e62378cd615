import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

/**
 * How often the file is looked at. It is looked at by its name, and not watched by the system: so it does not matter
 * whether an editor writes into it, puts another in its place, or a link on the way to it comes to lead elsewhere.
 */
const LOOK_MS = 200;
/** For how long it has to stay as it is before it is read: it may be written in several pieces. */
const STILL_MS = 100;

/**
 * Calls `listener` each time that a file has changed, or has come or gone. It is never called while it is at work:
 * what changes meanwhile is told after.
 *
 * @param onFailure - is called with what the listener rejects with.
 * @returns what ends that.
 */
export function onChange(
  file: string,
  listener: () => Promise<void>,
  onFailure: (error: unknown) => void,
): () => void {
  let still: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  const look: StatsListener = () => {
    clearTimeout(still);
    still = setTimeout(() => {
      working = working.then(listener).catch(onFailure);
    }, STILL_MS);
  };
  watchFile(file, { interval: LOOK_MS, persistent: false }, look);
  return () => {
    clearTimeout(still);
    unwatchFile(file, look);
  };
}
