import { type AnyJson, detailOf, type OperationView, remarksOf } from './operation-json.js';
import { changedFields } from './operation-text.js';
import { progressOf } from './progress.js';
import type { Output } from './terminal.js';
import { printable } from './terminal-text.js';

const DEFAULT_COLUMNS = 80;
const BAR_WIDTH = 30;

const SAVE_CURSOR = '\u001b7';
const LINE_START = '\u001b[1G';
const CLEAR_REST = '\u001b[0K';
/** Restores the cursor and clears its line. */
const CLEAR_BAR = '\u001b8\u001b[1G\u001b[2K';

/**
 * Displays the progress of an operation: as a bar if the output is a terminal and the metadata has a percentage, else
 * as one line per change.
 */
export class ProgressDisplay {
  readonly #output: Output;
  /** Bar on the screen. Empty: none. */
  #bar = '';
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
    if (this.#bar === '') return;
    this.#output.write(CLEAR_BAR);
    this.#bar = '';
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

  /** Draws the bar. Cursor and line wrapping stay unchanged, so that the terminal is intact however the process ends. */
  #draw(percent: number, remarks: string): void {
    this.#line = '';
    const done = Math.floor((percent / 100) * BAR_WIDTH);
    const bar = `${'='.repeat(done)}${'-'.repeat(BAR_WIDTH - done)}`;
    const line = `running [${bar}] ${Math.floor(percent)} % ${remarks}`.trimEnd();
    // A wrapped line could not be redrawn. Some terminals report zero columns.
    const drawn = line.slice(0, (this.#output.columns || DEFAULT_COLUMNS) - 1);
    if (drawn === this.#bar) return;
    if (this.#bar === '') this.#output.write(SAVE_CURSOR);
    this.#bar = drawn;
    for (const part of [LINE_START, drawn, CLEAR_REST]) this.#output.write(part);
  }
}
