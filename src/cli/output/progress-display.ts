import { SingleBar } from 'cli-progress';
import { type AnyJson, detailOf, type OperationView, remarksOf } from './operation-json.js';
import { changedFields } from './operation-text.js';
import { progressOf } from './progress.js';
import type { Output } from './terminal.js';
import { printable } from './terminal-text.js';

const DEFAULT_COLUMNS = 80;
const BAR_WIDTH = 30;

/**
 * Displays the progress of an operation: as a bar if the output is a terminal and the metadata has a percentage, else
 * as one line per change.
 */
export class ProgressDisplay {
  readonly #output: Output;
  #bar: SingleBar | undefined;
  /** Latest line shown. */
  #line = '';
  #summary = '';
  #metadata: AnyJson = {};

  constructor(output: Output) {
    this.#output = output;
  }

  show(operation: OperationView): void {
    const { metadata = {} } = operation.json;
    const percent = operation.state === 'running' ? progressOf(metadata) : undefined;
    if (this.#output.isTTY && percent !== undefined) {
      this.#draw(percent, printable(remarksOf(metadata).join(', ')));
      return;
    }
    this.say(this.#describe(operation.state, detailOf(operation), metadata));
  }

  /** Shows a text instead of the progress. Repetitions are shown once. */
  say(text: string): void {
    this.clear();
    if (text === this.#line) return;
    this.#line = text;
    this.#output.write(`${text}\n`);
  }

  /** Removes the bar and releases the terminal. */
  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** Describes the operation; adds the changed fields if the summary alone is the same as before. */
  #describe(state: string, detail: string, metadata: AnyJson): string {
    const summary = `${state}: ${detail}`;
    const changes = summary === this.#summary ? changedFields(this.#metadata, metadata) : [];
    this.#summary = summary;
    this.#metadata = metadata;
    const details = [detail, ...changes.map(([path, value]) => `${path} ${value}`)].filter(
      (text) => text !== '',
    );
    return printable([state, details.join(', ')].filter((text) => text !== '').join(': '));
  }

  #draw(percent: number, remarks: string): void {
    this.#line = '';
    if (this.#bar) {
      this.#bar.update(percent, { remarks });
      return;
    }
    const { columns } = this.#output;
    this.#bar = new SingleBar({
      stream: this.#output,
      clearOnComplete: true,
      // Cursor and line wrapping stay unchanged, so that the terminal is intact however the process ends.
      hideCursor: null,
      linewrap: true,
      barsize: BAR_WIDTH,
      format: (options, { progress }, payload) => {
        const done = Math.floor(progress * BAR_WIDTH);
        const bar = `${options.barCompleteChar?.repeat(done)}${options.barIncompleteChar?.repeat(BAR_WIDTH - done)}`;
        const line = `running [${bar}] ${Math.floor(progress * 100)} % ${payload.remarks}`.trimEnd();
        // A wrapped line could not be redrawn. Some terminals report zero columns.
        return line.slice(0, (columns || DEFAULT_COLUMNS) - 1);
      },
    });
    this.#bar.start(100, percent, { remarks });
  }
}
